#!/usr/bin/env python3
"""A stack on an emulated account: deployed by the operator's commands, invoked, requested over HTTP, updated, broken
by typos, upgraded from an old release and back, deleted, and its bucket adopted.

MiniStack is the account. It lacks the following, so these are not tested:
  - API Gateway's import of the OpenAPI body (the routes come from the transformed template; FailOnWarnings is tested
    by .ci/sam-transformed-test), its throttling, access log, JWT authorizer and the slash at a path's end
  - the ticks of the schedules and their time zone, S3's lifecycle rules, Budgets, domains and certificates
  - alarms on an expression: there ApiFailingAlarm is on the number of 5xx alone
  - arm64: the functions are built for this machine
  - the rights to write logs, to send to the dead-letter queue and to decrypt, and those of the schedules' roles
  - the right to delete snapshots, which is used only an hour after they were replaced
  - Lambda's limits of memory, disk, time and response size
  - CloudFormation's calls with the deployer's rights: infra/deployer.json applies to the calls of make and the SAM CLI
"""

import http.server
import io
import json
import re
import signal
import subprocess
import sys
import tarfile
import threading
import time

import botocore.exceptions
from cloud import Cloud
from world import AIRTABLE_TOKEN, REGION, ROOT, world

LIMIT = 900  # seconds; it takes about 180 on two idle cores, so more means a hang
OLD = "60347d7"  # the release to upgrade from
ORIGIN = "https://dashboard.example.com"
ADMIN_TOKEN = "f60c9e1b7a24d853b0"
ADMIN = {"Authorization": "Bearer " + ADMIN_TOKEN}
FULL, INCREMENTAL, WATCH = "RefreshFullFunction", "RefreshIncrementalFunction", "WatchFunction"
begun = time.monotonic()


def step(words):
    print(f"{time.monotonic() - begun:6.1f} s  {words}", flush=True)


def expect(about, ok, *seen):
    if not ok:
        sys.exit(f"{about}: " + " ".join(str(s)[:2000] for s in seen))


def old_release(world):
    """The template and binaries of OLD, built from the history of this clone."""
    folder = world.folder("old-source")
    archive = subprocess.run(["git", "archive", OLD], cwd=ROOT, capture_output=True)
    expect(f"git archive {OLD}, which needs the whole history (git fetch --unshallow)", archive.returncode == 0, archive.stderr)
    tarfile.open(fileobj=io.BytesIO(archive.stdout)).extractall(folder, filter="data")
    flags = ["-tags=lambda.norpc", "-ldflags=-s -w"]
    subprocess.run(["go", "build", *flags, "-o", "bin/", "./functions/api", "./functions/refresh"], cwd=folder, check=True)
    return world.release("old", (folder / "template.yaml").read_text(), folder / "bin/api", folder / "bin/refresh")


def secrets(cloud):
    for name, value in (("/voc/airtable-api-key", AIRTABLE_TOKEN), ("/voc/admin-tokens", ADMIN_TOKEN)):
        cloud.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def first_deployment(cloud, template):
    said, ok = cloud.make("deploy", TEMPLATE=str(template), BASE=cloud.world.base)
    expect("a deployment without secrets", not ok and "/voc/airtable-api-key" in said and "put-parameter" in said, said)
    secrets(cloud)
    said, ok = cloud.make("deploy", TEMPLATE=str(template))
    expect("a deployment without a base", not ok and "BASE is missing" in said, said)
    said = cloud.deploy(template, BASE=cloud.world.base, ORIGIN=ORIGIN + "/")
    expect("the end of a deployment", "has no snapshot yet" in said and "make invoke-check" in said and "URL" in said, said)


def policy(cloud):
    """Checks that the bucket rejects plain HTTP, then removes that policy: this account has no TLS."""
    answer, _ = cloud.invoke(FULL, {"mode": "check"})
    expect("the bucket's policy over plain HTTP", "explicit deny in a resource-based policy" in str(answer["wrong"]), answer)
    cloud.client("s3").delete_bucket_policy(Bucket=cloud.bucket())


def uses(cloud):
    """Check, full, incremental, sweep, rollback, by the commands and by events as AWS sends them."""
    said, ok = cloud.make("invoke-check")
    expect("make invoke-check", ok and "a refresh would work" in said, said)
    scheduled = {"mode": "full", "trigger": "schedule", "scheduled_time": "2026-11-30T04:59:00Z"}
    first, error = cloud.invoke(FULL, scheduled)
    expect("full", error is None and first["outcome"] == "published" and first["read"] > 500, first)
    again, _ = cloud.invoke(FULL, scheduled)
    expect("the same event, sent again", again == first, again)
    cloud.world.edit()
    answer, _ = cloud.invoke(INCREMENTAL, {})
    expect("incremental", (answer["outcome"], answer["changed"]) == ("published", 1), answer)
    answer, _ = cloud.invoke(FULL, {"mode": "sweep"})
    expect("sweep", answer["outcome"] in ("unchanged", "published"), answer)
    answer, _ = cloud.invoke(FULL, {"mode": "rollback", "snapshot": first["snapshot_after"]})
    expect("rollback", answer["snapshot_after"] == first["snapshot_after"], answer)
    said, ok = cloud.make("invoke-full")
    expect("make invoke-full", ok and "started  full-" in said, said)
    run = said.split()[1]
    wait_for(cloud, run, "published", "unchanged")
    said, ok = cloud.make("status")
    expect("make status", ok and "last error   none" in said and "full" in said, said)
    said, ok = cloud.make("schedules")
    expect("make schedules", ok and re.search(r"sweep +cron\(30 6 \? \* MON-FRI \*\) in .*, enabled", said), said)
    answer, error = cloud.invoke(FULL, {"key1": "value1"})
    expect("the console's default event", error and "accepted are" in answer["errorMessage"], answer)


def wait_for(cloud, run, *outcomes):
    for _ in range(300):
        status, _, content = cloud.ask(f"/cache/runs/{run}", **ADMIN)
        outcome = json.loads(content).get("outcome") if status == 200 else None
        if outcome not in (None, "pending"):
            return expect(run, outcome in outcomes, content)
        time.sleep(0.2)
    sys.exit(f"{run} has no outcome: {status} {content}")


class Hook:
    """What a webhook and a monitor receive."""

    def __init__(self):
        self.got = got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
                self.send_response(200)
                self.end_headers()

            def do_GET(self):
                got.append("GET " + self.path)
                self.send_response(200)
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


def watches(cloud, template):
    """The watchdog looks, drills and announces; nine alarms lead to the topic; the monitor hears of each refresh."""
    looked, error = cloud.invoke(WATCH, {"mode": "watch"})
    expect("watch", error is None and "alerts" in looked, looked)
    drilled, error = cloud.invoke(WATCH, {"mode": "drill"})
    expect("drill", error is None and drilled["proven_at"], drilled)
    status, _, content = cloud.ask("/cache/", **ADMIN)
    expect("the date of the drill in the status", json.loads(content)["restore_proven_at"] == drilled["proven_at"], content)
    _, error = cloud.invoke(WATCH, {"mode": "full"})
    expect("a refresh by the watchdog", error)
    alarms = cloud.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    topic = cloud.outputs()["AlertTopic"]
    expect("nine alarms", len(alarms) == 9 and all(a["AlarmActions"] == [topic] for a in alarms), alarms)
    dashboards = cloud.client("cloudwatch").list_dashboards()["DashboardEntries"]
    expect("a dashboard", len(dashboards) == 1, dashboards)

    hook = Hook()
    for name, path in (("/voc/webhook", "/hook"), ("/voc/heartbeat", "/beat")):
        cloud.client("ssm").put_parameter(Name=name, Value=hook.url + path, Type="SecureString", Overwrite=True)
    cloud.deploy(template, SET="NotifyWebhookUrlParameter=/voc/webhook\nHeartbeatUrlParameter=/voc/heartbeat\nAlertEmail=ops@example.com")
    mails = cloud.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    expect("a mail for alarms", [m["Endpoint"] for m in mails] == ["ops@example.com"], mails)
    cloud.client("ssm").put_parameter(Name="/voc/airtable-api-key", Value="patRevoked.0", Type="SecureString", Overwrite=True)
    cloud.refresh_functions()
    for _ in range(2):
        cloud.invoke(INCREMENTAL, {})
        cloud.invoke(WATCH, {"mode": "watch"})
    messages = [text for text in hook.got if "Refresh failed" in text]
    expect("one message of two failures", len(messages) == 1 and "AIRTABLE_API_KEY" in messages[0], hook.got)
    expect("the monitor of two failures", hook.got.count("GET /beat/fail") == 2, hook.got)
    secrets(cloud)
    cloud.refresh_functions()
    beats = hook.got.count("GET /beat")  # the deployment ends with a run, too
    cloud.invoke(INCREMENTAL, {})
    cloud.invoke(WATCH, {"mode": "watch"})
    messages = [text for text in hook.got if "over: Refresh failed" in text]
    expect("one message of the end", len(messages) == 1 and hook.got.count("GET /beat") == beats + 1, hook.got)
    cloud.deploy(template, SET="NotifyWebhookUrlParameter=\nHeartbeatUrlParameter=\nAlertEmail=")


def over_http(cloud):
    routes = sorted(key for key, _ in cloud.routes())
    expect("routes", routes == ["ANY /", "ANY /{proxy+}"], routes)
    for path in ("/feedback", "/feedback/"):
        status, _, content = cloud.ask(path + "?limit=3", **ADMIN)
        expect(path, status == 200 and len(json.loads(content)) == 3, status, content)
    status, headers, _ = cloud.ask("/feedback/?limit=3", "HEAD", **ADMIN)
    expect("HEAD", status == 200, status)
    status, _, content = cloud.ask("/feedback/?limit=3", If_None_Match=headers["ETag"], **ADMIN)
    expect("its ETag sent back", (status, content) == (304, b""), status, content)
    for about, want, (status, headers, content) in (
        ("no token", 401, cloud.ask("/feedback/")),
        ("live", 200, cloud.ask("/live")),
        ("health", 200, cloud.ask("/health/")),
        ("no such record", 404, cloud.ask("/feedback/recNone", **ADMIN)),
        ("preflight", 204, cloud.ask("/feedback/", "OPTIONS", Origin=ORIGIN, Access_Control_Request_Method="GET")),
        ("an update without a token", 401, cloud.ask("/cache/update-incremental", "POST")),
    ):
        expect(about, status == want, status, content)
        if about == "preflight":
            expect(about, headers["Access-Control-Allow-Origin"] == ORIGIN, headers)
    status, headers, content = cloud.ask("/cache/update-incremental", "POST", **ADMIN)
    expect("an update", status == 202, status, content)
    wait_for(cloud, headers["Location"].rsplit("/", 1)[-1], "unchanged", "published")


TYPOS = {
    "CorsOrigins": ("https://x.example.com//", "x.example.com", "https://x.example.com/app"),
    "ScheduleFull": ("rate(7 days)", "at(2026-11-30T00:00:00)", "59 23 * * 0"),
    "ScheduleIncremental": ("cron(0 9-21 * * MON-FRI *)",),
    "ScheduleSweep": ("cron(30 25 ? * MON *)",),
    "ScheduleTimezone": ("New York",),
    "FeedbackYears": ("2024,2025",),
    "FieldMap": ("{", '{"tema": "Squad"}'),
    "TeamMap": ("[]",),
    "ExistingBucket": ("s3://voc",),
    "StorePrefix": ("/a/",),
    "AirtableBaseId": ("tblX",),
    "AirtableTableName": (" ",),
    "AirtableMonthlyCalls": ("1.5", "-1"),
    "SnapshotKeep": ("0",),
    "MaxShrinkPercent": ("120",),
    "AdminTokensParameter": ("voc/admin",),
    "PrivateFields": ("status:mask", '["notes", 1]'),
    "ReadTokensParameter": ("/voc/",),
    "DashboardUsersParameter": ("users",),
    "NotifyWebhookUrlParameter": ("https://hooks.example.com/x",),
    "HeartbeatUrlParameter": ("beat",),
    "AirtableApiKeyParameter": ("patAbc.def",),
    "SecretsKeyArn": ("alias/voc",),
    "JwtIssuer": ("login.example.com",),
    "JwtAudience": ("one, two",),
    "ReadAccess": ("everyone",),
    "DomainName": ("https://voc.example.com",),
    "CertificateArn": ("voc",),
    "HostedZoneId": ("example.com",),
    "AlertEmail": ("ann",),
    "Architecture": ("amd64",),
    "Schedules": ("true",),
}


def typos(cloud, template):
    for name, values in TYPOS.items():
        for value in values:
            why = cloud.change_set(**{name: value})
            words = "nothing" if name in ("ReadAccess", "Architecture", "Schedules") else name
            expect(f"{name}={value!r} is taken", why != "" and (words == "nothing" or words in why), why)
    taken = cloud.change_set(ScheduleSweep="off", CorsOrigins="https://a.example.com, https://*.example.com")
    expect("correct values", taken == "", taken)
    said, ok = cloud.make("deploy", TEMPLATE=str(template), SET="ScheduleFull=rate(7 days)")
    expect("make deploy of a typo", not ok and "must be an EventBridge cron" in said, said)
    status, _, content = cloud.ask("/health")
    expect("the API after typos", status == 200, status, content)


def other_parameters(cloud, template):
    said = cloud.deploy(template, PUBLIC="1", SET='FieldMap={"team": "Team Routed", "notes": ["Notes"]}\nScheduleSweep=off')
    expect("PUBLIC=1 prints what it shows", "e-mail address, masked" in said, said)
    expect("a deployment that hides more maps the records again", "remap    published" in said, said)
    status, _, content = cloud.ask("/feedback/?limit=200")
    expect("a reader without a token", status == 200, status, content)
    addresses = [record["reporter_email"] for record in json.loads(content) if record["reporter_email"]]
    expect("masked addresses", addresses and all(address[1] == "…" for address in addresses), addresses)
    versions = cloud.client("s3").list_object_versions(Bucket=cloud.bucket())["Versions"]
    snapshots = [version["Key"] for version in versions if "/snapshots/" in version["Key"]]
    expect("versions of snapshots that show more", snapshots and all("remap-" in key for key in snapshots), snapshots)
    said = cloud.deploy(template, SET='PrivateFields=["status", "reporter_email"]')
    expect("a narrower view", "remap    published" in said and '"reporter_email"]' in said, said)
    status, _, content = cloud.ask("/feedback/?limit=200")
    expect("hidden keys", {(r["status"], r["reporter_email"]) for r in json.loads(content)} == {("New", "")}, content)
    said, ok = cloud.make("schedules")
    expect("a sweep that is off", ok and re.search(r"sweep +cron.* disabled", said), said)
    answer, _ = cloud.invoke(FULL, {"mode": "check"})
    expect("check", answer["verdict"] == "a refresh would work", answer)
    cloud.deploy(template, PUBLIC="0", SET="SnapshotKeep=1\nPrivateFields=")
    expect("readers need a token again", cloud.ask("/feedback/?limit=1")[0] == 401)


def a_failed_deployment(cloud, template):
    """The deployment works, smoke fails, and the previous version serves."""
    broken = template.with_name("broken.yaml")
    broken.write_text(template.read_text().replace("SNAPSHOT_STORE: !Sub", "SNAPSHOT_KEEP: '1'\n        SNAPSHOT_STORE: nowhere\n        UNUSED_STORE: !Sub"))
    said, ok = cloud.make("deploy", TEMPLATE=str(broken))
    expect("a deployment that breaks the API", not ok and "back on version" in said, said)
    status, _, content = cloud.ask("/feedback/?limit=1", **ADMIN)
    expect("the previous version", status == 200, status, content)
    cloud.deploy(template)


def rights_on_an_empty_store(cloud):
    """Without s3:ListBucket S3 returns 403 for an absent object."""
    with cloud.denied("ApiRole", "s3:ListBucket"):
        status, _, content = cloud.ask("/cache/", **ADMIN)
        expect("ApiRole without s3:ListBucket", b"AccessDenied" in content, status, content)
    with cloud.denied("RefreshRole", "s3:ListBucket"):
        answer, _ = cloud.invoke(FULL, {"mode": "check"})
        expect("RefreshRole without s3:ListBucket", answer["wrong"], answer)


def originals(cloud):
    """The API's role reads what readers may see, and not the records as Airtable sent them."""
    s3, bucket = cloud.as_role("ApiRole", "s3"), cloud.bucket()
    read, refused = [], []
    for found in cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"]:
        try:
            s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
            read.append(found["Key"])
        except botocore.exceptions.ClientError as err:
            expect(found["Key"], err.response["Error"]["Code"] in ("AccessDenied", "403"), err)
            refused.append(found["Key"])
    expect("ApiRole reads snapshots", any("/snapshots/" in key for key in read), read)
    expect("ApiRole reads no sources", refused and all("/sources/" in key for key in refused), refused)
    expect("ApiRole reads no sources", not any("/sources/" in key for key in read), read)


def rights(cloud):
    """Each right is denied in turn, and something fails."""

    def api_reads():
        return cloud.ask("/feedback/?limit=1", **ADMIN)[0] == 200

    def api_starts():
        return cloud.ask("/cache/update-incremental", "POST", **ADMIN)[0] == 202

    def full():
        answer, error = cloud.invoke(FULL, {"mode": "full"})
        return error is None and answer["outcome"] in ("published", "unchanged")

    def watchdog_reads():
        answer, error = cloud.invoke(WATCH, {"mode": "watch"})
        return error is None and "store-unreadable" not in json.dumps(answer["alerts"])

    def drill_is_remembered():
        before = json.loads(cloud.ask("/cache/", **ADMIN)[2])["restore_proven_at"]
        cloud.invoke(WATCH, {"mode": "drill"})
        return json.loads(cloud.ask("/cache/", **ADMIN)[2])["restore_proven_at"] != before

    def failures_are_kept():
        before = cloud.failures()
        cloud.client("lambda").invoke(FunctionName=cloud.resource(FULL), InvocationType="Event", Payload='{"mode": "x"}')
        for _ in range(30):
            if cloud.failures() > before:
                return True
            time.sleep(0.1)
        return False

    expect("a failed event in the queue", failures_are_kept(), cloud.failures())
    for role, action, works in (
        ("ApiRole", "s3:GetObject", api_reads),
        ("ApiRole", "ssm:GetParameter", api_reads),
        ("ApiRole", "lambda:InvokeFunction", api_starts),
        ("WatchRole", "s3:GetObject", watchdog_reads),
        ("WatchRole", "s3:PutObject", drill_is_remembered),
        ("RefreshRole", "s3:GetObject", full),
        ("RefreshRole", "s3:PutObject", full),
        ("RefreshRole", "ssm:GetParameter", full),
    ):
        with cloud.denied(role, action):
            expect(f"{role} without {action}", not works(), "nothing falls short")
        expect(f"{role} with {action} again", works(), "it still falls short")


def upgrade(here, new, old):
    """From OLD's template and binaries to these, and back.

    OLD's snapshot is served after the upgrade. After the way back, OLD serves the newest snapshot in a format that it
    reads, and does not overwrite the manifest of a newer format.
    """
    cloud = Cloud(here, "voc-old")
    values = f"AirtableBaseId={here.base} AdminTokensParameter=/voc/admin-tokens CorsOrigins={ORIGIN}"
    command = [here.env["SAM"], "deploy", "--template-file", str(old), "--config-file", str(ROOT / "samconfig.toml"), "--config-env", "prod",
               "--stack-name", cloud.stack, "--no-confirm-changeset", "--parameter-overrides", values]  # fmt: skip

    def deploy_old():
        run = subprocess.run(command, env=here.env, capture_output=True, text=True)
        expect(f"sam deploy of {OLD}", run.returncode == 0, run.stdout[-3000:], run.stderr)

    def serves(who):
        status, _, content = cloud.ask("/feedback/?limit=2", **ADMIN)
        expect(who, status == 200 and len(json.loads(content)) == 2, status, content)

    def refreshes(who):
        here.edit()
        answer, error = cloud.invoke(INCREMENTAL, {"mode": "incremental"})
        expect(who, error is None and answer["outcome"] == "published", answer)

    deploy_old()
    cloud.client("s3").delete_bucket_policy(Bucket=cloud.bucket())
    answer, _ = cloud.invoke(FULL, {"mode": "full"})
    expect(f"a refresh of {OLD}", answer["outcome"] == "published", answer)
    serves(OLD)
    bucket = cloud.bucket()
    cloud.deploy(new)
    expect("the same bucket as before", cloud.bucket() == bucket, cloud.bucket())
    serves(f"the upgrade from {OLD}")
    refreshes("a refresh after the upgrade")
    serves("the upgrade after its refresh")
    deploy_old()
    serves(f"{OLD} again")
    answer, error = cloud.invoke(INCREMENTAL, {"mode": "incremental"})
    expect(f"{OLD} does not overwrite a newer format", "newer version" in f"{answer} {error}", answer, error)
    return cloud


def adoption(cloud, template):
    """The stack is deleted, the bucket remains, and a new stack serves it from its first response."""
    bucket = cloud.bucket()
    gone = subprocess.run(
        [cloud.world.env["SAM"], "delete", "--stack-name", cloud.stack, "--region", REGION, "--no-prompts"],
        env=cloud.world.env, capture_output=True, text=True,
    )  # fmt: skip
    expect("sam delete", gone.returncode == 0, gone.stdout, gone.stderr)
    buckets = [b["Name"] for b in cloud.client("s3").list_buckets()["Buckets"]]
    expect("the bucket after the stack", bucket in buckets, buckets)
    roles = [r["RoleName"] for r in cloud.client("iam").list_roles()["Roles"] if r["RoleName"].startswith(cloud.stack + "-")]
    expect("roles after the stack", not roles, roles)
    heir = Cloud(cloud.world, cloud.stack + "-heir")
    heir.deploy(template, BASE=cloud.world.base, SET=f"ExistingBucket={bucket}")
    status, _, content = heir.ask("/feedback/?limit=2", **ADMIN)
    expect("the first response of the new stack", status == 200 and len(json.loads(content)) == 2, status, content)


def main():
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"timed out after {LIMIT} s"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated by a signal"))
    signal.alarm(LIMIT)
    with world() as here:
        step(f"the account is at {here.aws}, Airtable at {here.airtable}")
        new = here.release("new", (ROOT / "template.yaml").read_text(), ROOT / "bin/api", ROOT / "bin/refresh")
        cloud = Cloud(here)
        here.become_deployer()
        first_deployment(cloud, new)
        step("deployed")
        policy(cloud)
        rights_on_an_empty_store(cloud)
        step("an empty store distinguishes missing from forbidden objects")
        uses(cloud)
        step("check, full, incremental, sweep, rollback, and the commands for them")
        watches(cloud, new)
        step("watched, drilled, and announced once what broke and once its end")
        over_http(cloud)
        step("requested over the routes of the template")
        typos(cloud, new)
        step(f"{sum(map(len, TYPOS.values()))} typos rejected, and the API still responds")
        other_parameters(cloud, new)
        step("changed parameters take effect at once")
        a_failed_deployment(cloud, new)
        step("a deployment that broke the API was reverted")
        originals(cloud)
        step("the API's role cannot read what Airtable sent")
        rights(cloud)
        step("each denied right causes a failure")
        adoption(cloud, new)
        step("deleted, and the bucket adopted by a new stack")
        old = old_release(here)
        step(f"{OLD} built")
        upgrade(here, new, old)
        step(f"upgraded from {OLD}, and back")


if __name__ == "__main__":
    main()
