"""Checks the deployed API."""

import os
import sys
import urllib.error
import urllib.request

from cloud import aws, deployed, outputs_of, parameters_of


def ask(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=35) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.status, answer.headers, answer.read()
    except urllib.error.URLError as err:
        return 0, {}, str(err.reason).encode()


def bearer(values):
    """A header with a read token, from $VOC_TOKEN or SSM; none if reads are public."""
    if values.get("ReadAccess") == "public":
        return {}
    token = os.environ.get("VOC_TOKEN", "")
    name = values.get("ReadTokensParameter") or values.get("AdminTokensParameter")
    if not token and values.get("ReadAccess") == "token" and name:
        value = aws("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        token = value.split(",")[0].strip()
    return {"Authorization": "Bearer " + token} if token else {}


def smoke_of(url):
    """The faults of the API, as lines, and whether it has no snapshot yet."""
    url = os.environ.get("API") or url
    values = parameters_of(deployed())
    wrong = []

    def expect(about, wanted, got, content):
        if got not in wanted:
            wrong.append(f"  {about}: {got}, not {' or '.join(map(str, wanted))}: {content[:300].decode(errors='replace')}")

    status, _, content = ask(url + "/live")
    expect("GET /api/live", [200], status, content)
    status, _, content = ask(url + "/health")
    empty = status == 503 and b'"empty"' in content
    expect("GET /api/health", [200, 503] if empty else [200], status, content)
    token = bearer(values)
    if values.get("ReadAccess") != "public":
        status, _, content = ask(url + "/feedback/?limit=1")
        expect("GET /api/feedback/ without a token", [401], status, content)
    if not empty and (token or values.get("ReadAccess") == "public"):
        status, headers, content = ask(url + "/feedback/?limit=1", **token)
        expect("GET /api/feedback/?limit=1", [200], status, content)
        if status == 200:
            status, _, content = ask(url + "/feedback/?limit=1", If_None_Match=headers["ETag"], **token)
            expect("the same with its ETag", [304], status, content)
    origin = values.get("CorsOrigins", "").split(",")[0].strip()
    if origin and "*" not in origin:
        status, headers, content = ask(url + "/feedback/", "OPTIONS", Origin=origin, Access_Control_Request_Method="GET")
        allowed = headers.get("Access-Control-Allow-Origin")
        expect(f"a preflight of {origin}", [204], status, content)
        if status == 204 and allowed != origin.lower():
            wrong.append(f"  a preflight of {origin}: Access-Control-Allow-Origin is {allowed}")
    return wrong, empty


def smoke():
    wrong, empty = smoke_of(outputs_of(deployed())["ApiUrl"])
    if wrong:
        sys.exit("FAILED:\n" + "\n".join(wrong))
    print("The API answers" + (", and has no snapshot yet: make invoke-full" if empty else ": live, health, a page, a 304, a preflight"))
