"""Deploys a stack and restores the previous API version."""

import datetime
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import botocore.exceptions

from cloud import REGION, ROOT, SAM, SETTINGS, STACK, STAGE, aws, deployed, describe, outputs_of, parameters_of
from runs import call
from smoke import smoke_of

PUBLIC = """ReadAccess=public: anyone who has the URL will be able to read, without a token:
  - every record of the served years: description, notes, resolution notes, team, status, Slack link and the other keys
  - {addresses}
  - the search, the reports and the CSV exports of all of it
  - which snapshot is served, and the receipts of the refreshes
The dashboard's sign-in does not change that: it protects the dashboard's pages, not the data. Neither does CorsOrigins: it
restricts only browsers. Addresses inside of texts are not looked for. To hide more: make deploy SET='PrivateFields=notes,…'.
infra/DASHBOARD.md puts the dashboard behind a token. Refreshes and rollbacks still need an admin token.
"""

ADDRESSES = {
    "": "the reporter's e-mail address, masked (a…@example.com); of the other columns of the table only those that a key reads",
    "none": "the reporter's e-mail address, and every other column of the table, private notes and attachment links included",
}

FIRST_STEP = """printf %s "$secret" | aws ssm put-parameter --name {name} --type SecureString --value file:///dev/stdin"""


def overrides(first):
    """The parameters that this deployment sets in addition to the stage's in samconfig.toml."""
    set_here = {}
    text = SETTINGS[STAGE].get("deploy", {}).get("parameters", {}).get("parameter_overrides", "")
    for pair in text.split():
        key, _, value = pair.partition("=")
        set_here[key] = value
    if os.environ.get("PARAMETERS"):
        set_here |= json.loads(pathlib.Path(os.environ["PARAMETERS"]).read_text())
    if os.environ.get("BASE"):
        set_here["AirtableBaseId"] = os.environ["BASE"]
    if os.environ.get("ORIGIN"):
        origins = [origin.strip().rstrip("/") for origin in os.environ["ORIGIN"].split(",")]
        set_here["CorsOrigins"] = ",".join(origins)
    if os.environ.get("PUBLIC"):
        if os.environ["PUBLIC"] not in ("0", "1"):
            sys.exit("PUBLIC must be 1 (anyone may read) or 0 (readers need a token)")
        set_here["ReadAccess"] = "public" if os.environ["PUBLIC"] == "1" else "token"
    for pair in filter(None, os.environ.get("SET", "").split("\n")):
        key, equals, value = pair.strip().partition("=")
        if not equals:
            sys.exit(f"SET: {pair!r} is not Parameter=value; put one per line")
        set_here[key] = value
    if first and "AirtableBaseId" not in set_here:
        sys.exit("BASE is missing: make deploy BASE=app… ORIGIN=https://… (the id is in the base's address)")
    return set_here


def check_secrets(names):
    """Exits unless each SecureString exists, before anything is built or changed."""
    missing = []
    for name in filter(None, names):
        try:
            aws("ssm").get_parameter(Name=name)
        except botocore.exceptions.ClientError as err:
            if err.response["Error"]["Code"] != "ParameterNotFound":
                raise
            missing.append(name)
    if missing:
        steps = "\n".join("  " + FIRST_STEP.format(name=name) for name in missing)
        sys.exit(f"missing in SSM, region {REGION}: {', '.join(missing)}. Create it first:\n{steps}")


def template_defaults():
    text = (ROOT / "template.yaml").read_text()
    return {
        name: value.strip("'")
        for name, value in re.findall(r"^  (\w+Parameter):\n(?:    .*\n)*?    Default: (.*)\n", text, re.M)
    }


def sam_value(key, value):
    """One override in the form that the SAM CLI splits at blanks outside of quotes."""
    return f'{key}="' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def deploy():
    """BASE, ORIGIN, PUBLIC=1, SET (Parameter=value, one per line), PARAMETERS (a file of make parameters), YES=1."""
    before = describe()
    first = before is None or before["StackStatus"] == "REVIEW_IN_PROGRESS"
    changes = overrides(first)
    after = (template_defaults() if first else parameters_of(before)) | changes
    check_secrets({after[name] for name in template_defaults() if name in after})
    if after.get("ReadAccess") == "public":
        private = after.get("PrivateFields", "").strip()
        others = f"every column of the table, e-mail addresses included, without what PrivateFields names: {private}"
        print(PUBLIC.format(addresses=ADDRESSES.get(private, others)), flush=True)
    back = None if first else publish()
    command = [SAM, "deploy", "--config-file", str(ROOT / "samconfig.toml"), "--config-env", STAGE, "--stack-name", STACK, "--region", REGION]
    if os.environ.get("TEMPLATE"):
        command += ["--template-file", os.environ["TEMPLATE"]]
    if os.environ.get("YES") == "1":
        command += ["--no-confirm-changeset"]
    if changes:
        command += ["--parameter-overrides", " ".join(sam_value(k, v) for k, v in changes.items())]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit("sam deploy failed: either nothing has changed, or CloudFormation has undone its changes")
    point("$LATEST")
    remap()
    report(back)


def remap():
    """Has the records mapped again if the stack hides more than its current snapshot, so that no reader waits for the
    schedule. The API function would start that run, too."""
    try:
        status = call("incremental", {"mode": "get_status"})
        if not status.get("snapshot") and not any("shows more" in warning for warning in status["warnings"]):
            return  # the store is empty
        receipt = call("incremental", {"mode": "remap"})
    except SystemExit as failed:  # smoke shows what it means
        print(f"remap    FAILED: {failed}")
        return
    print(f"remap    {receipt['outcome']}, run {receipt['id']}")


def report(back):
    """Prints the URL, the result of smoke and the next two commands after a deployment."""
    outputs = outputs_of(deployed())
    wrong, empty = smoke_of(outputs["ApiUrl"])
    print(f"\nURL      {outputs['ApiUrl']}")
    if wrong and back:
        point(back)
        print(f"smoke    FAILED, and the API is back on version {back}:\n" + "\n".join(wrong))
        sys.exit(1)
    if wrong:
        print("smoke    FAILED:\n" + "\n".join(wrong))
        sys.exit(1)
    print("smoke    the API answers" + (", and has no snapshot yet" if empty else ""))
    print("next     " + ("make invoke-check   whether a refresh would work" if empty else "make status         what it serves"))
    print("         " + ("make invoke-full    the first refresh" if empty else "make logs           what it logs"))


def publish():
    """Publishes the API function's code and variables as a version: its number, or None without an alias."""
    outputs = outputs_of(deployed())
    if "ApiFunction" not in outputs:
        return None  # deployed before the alias existed
    alias = aws("lambda").get_alias(FunctionName=outputs["ApiFunction"], Name="live")
    if alias["FunctionVersion"] != "$LATEST":
        return alias["FunctionVersion"]  # an earlier deployment failed: that version serves
    return aws("lambda").publish_version(FunctionName=outputs["ApiFunction"])["Version"]


def point(version):
    function = outputs_of(deployed()).get("ApiFunction")
    if function:
        aws("lambda").update_alias(FunctionName=function, Name="live", FunctionVersion=version)


def deploy_api():
    """Deploys only the API's code, before `make deploy`, if a release changes the snapshot format."""
    binary = pathlib.Path(os.environ.get("BUILD") or ROOT / ".aws-sam/build") / "ApiFunction/bootstrap"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as content:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        content.writestr(entry, binary.read_bytes(), zipfile.ZIP_DEFLATED)
    back = publish()
    function = outputs_of(deployed())["ApiFunction"]
    aws("lambda").update_function_code(FunctionName=function, ZipFile=archive.getvalue())
    aws("lambda").get_waiter("function_updated_v2").wait(FunctionName=function)
    point("$LATEST")
    report(back)


def outputs():
    for name, value in outputs_of(deployed()).items():
        print(f"{name:26} {value}")


def parameters():
    """FILE: where to write, by default under .aws-sam. `make deploy PARAMETERS=…` sets them all again."""
    file = pathlib.Path(os.environ.get("FILE") or ROOT / f".aws-sam/{STACK}-{datetime.date.today()}.json")
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(parameters_of(deployed()), indent=2) + "\n")
    print(f"The parameters of {STACK} are in {file}. They contain the names of secrets, but no secrets. To set them: make deploy PARAMETERS={file}")
