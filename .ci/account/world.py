"""An account on this machine: MiniStack for AWS, the Airtable emulator, and a gateway with the template's routes.

They listen on free loopback ports, use a temporary directory, and stop when the block ends.
"""

import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3
from samcli.lib.bootstrap.bootstrap import manage_stack

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
AIRTABLE_TOKEN = "patEmulatorDemo.0123456789abcdef"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def send(url, method="GET", body=None, headers=None):
    """Status, headers and body of a response, whatever its status."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.status, answer.headers, answer.read()


class World:
    def __init__(self, place):
        self.place = place
        self.aws = f"http://127.0.0.1:{free_port()}"
        self.airtable = f"http://127.0.0.1:{free_port()}"
        self.base = ""
        # The whole environment of every client: none of the caller's keys and settings.
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder("home")),
            "TMPDIR": str(self.folder("clients")),
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "only-on-loopback",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.3",
            "SAM": os.environ["SAM"],
        }
        os.environ |= {k: v for k, v in self.env.items() if k.startswith("AWS_")}
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
            os.environ.pop(name, None)
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.environ["AWS_CONFIG_FILE"] = os.devnull

    def become_deployer(self):
        """Makes the commands run with the keys of a user who has only the rights of infra/deployer.json."""
        # The SAM CLI's bucket rejects plain HTTP, as the stack's does; this account has no TLS.
        uploads = manage_stack(profile=None, region=REGION)
        boto3.client("s3", region_name=REGION).delete_bucket_policy(Bucket=uploads)
        iam = boto3.client("iam", region_name=REGION)
        iam.create_user(UserName="deployer")
        policy = (ROOT / "infra/deployer.json").read_text()
        iam.put_user_policy(UserName="deployer", PolicyName="deployer", PolicyDocument=policy)
        keys = iam.create_access_key(UserName="deployer")["AccessKey"]
        self.env |= {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}

    def folder(self, name):
        path = self.place / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def start(self, name, command, url, **env):
        """Runs a service until the world ends, and waits until it responds."""
        log = self.place / f"{name}.log"
        env = {"PATH": os.environ["PATH"], "HOME": self.env["HOME"], "TMPDIR": str(self.folder(name)), **env}
        with log.open("w") as out:
            process = subprocess.Popen(command, cwd=self.folder(name), env=env, stdout=out, stderr=out)
        for _ in range(600):
            with contextlib.suppress(OSError):
                send(url)
                return process
            if process.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit(f"{name} does not respond\n{log.read_text()}")

    def start_aws(self):
        port = self.aws.rsplit(":", 1)[1]
        return self.start(
            "aws",
            [os.environ["MINISTACK"]],
            self.aws + "/_ministack/health",
            GATEWAY_PORT=port,
            BIND_HOST="127.0.0.1",
            MINISTACK_HOST="127.0.0.1",
            SERVICES="apigateway,cloudformation,cloudwatch,iam,kms,lambda,logs,s3,scheduler,sns,sqs,ssm,sts",
            AUTH="true",
            IOT_MTLS_ENABLED="0",
            SFTP_ENABLED="0",
            DOCKER_HOST="unix:///none",
            LAMBDA_ASYNC_RETRY_BASE_SECONDS="0.1",
            LAMBDA_ASYNC_RETRY_MAX_SECONDS="0.2",
            AWS_ENDPOINT_URL_SSM=self.aws,
            AWS_ENDPOINT_URL=self.aws,
        )

    def start_airtable(self):
        address = self.airtable.removeprefix("http://")
        process = self.start("airtable", [ROOT / "bin/voc", "emulator"], self.airtable, AIRTABLE_SIM_ADDR=address)
        log = (self.place / "airtable.log").read_text()
        self.base = re.search(r"^ *base +(\S+)", log, re.M)[1]
        return process

    def edit(self):
        """Changes a record in Airtable, as a user does."""
        time.sleep(1)  # Airtable accepts five requests a second, from all clients together
        table = f"{self.airtable}/v0/{self.base}/Lead%20Bugs"
        known = {"Authorization": "Bearer " + AIRTABLE_TOKEN, "Content-Type": "application/json"}
        _, _, content = send(table + "?pageSize=1", headers=known)
        record = json.loads(content)["records"][0]["id"]
        change = json.dumps({"fields": {"Notes": f"edited at {time.time()}"}}).encode()
        status, _, content = send(f"{table}/{record}", "PATCH", change, known)
        if status != 200:
            sys.exit(f"Airtable's emulator: {status} {content}")
        time.sleep(1)

    def release(self, name, template, api, refresh):
        """A directory as `sam build` leaves it. It differs from the template in the paths of code and the URLs of AWS and Airtable."""
        folder = self.folder(name)
        for function, binary in (("api", api), ("refresh", refresh)):
            (folder / function).mkdir(exist_ok=True)
            shutil.copy(binary, folder / function / "bootstrap")
        for old, new in (
            ("CodeUri: functions/", "CodeUri: "),
            ("AWS_ENDPOINT_URL_S3: ''", f"AWS_ENDPOINT_URL_S3: {self.aws}"),
            ("AWS_ENDPOINT_URL_LAMBDA: ''", f"AWS_ENDPOINT_URL_LAMBDA: {self.aws}"),
            ("AIRTABLE_API_URL: ''", f"AIRTABLE_API_URL: {self.airtable}"),
        ):
            if old not in template:
                sys.exit(f"template.yaml does not contain {old!r}")
            template = template.replace(old, new)
        metrics = re.compile(r"(  ApiFailingAlarm:\n(?:.+\n)+?)      Metrics:\n(?:        .+\n)+")
        plain = "      Namespace: AWS/ApiGateway\n      MetricName: 5xx\n      Dimensions: [{Name: ApiId, Value: !Ref Api}]\n      Statistic: Sum\n"
        template = metrics.sub(lambda found: found[1] + plain + "      Period: 900\n", template)
        (folder / "template.yaml").write_text(template)
        return folder / "template.yaml"


@contextlib.contextmanager
def world():
    place = pathlib.Path(tempfile.mkdtemp(prefix="voc-account-"))
    made, running = World(place), []
    try:
        running += [made.start_aws(), made.start_airtable()]
        yield made
    finally:
        for process in running:
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
        shutil.rmtree(place, ignore_errors=True)


class Gateway:
    """The HTTP API of a stack, at a fixed URL: it serves the routes of the transformed template, since MiniStack
    imports no OpenAPI body, and forwards requests."""

    def __init__(self, cloud):
        self.cloud, self.known, self.lock = cloud, None, threading.Lock()
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                known = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
                status, headers, content = send(gateway.target() + self.path, self.command, body, known)
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", headers.get("Content-Length") if self.command == "HEAD" else str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def preflight(self):
                """Invokes the function, since MiniStack answers OPTIONS itself."""
                gateway.target()
                status, headers, content = gateway.cloud.call_api("OPTIONS", self.path, dict(self.headers))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_DELETE = answer
            do_OPTIONS = preflight

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/api"

    def target(self):
        with self.lock:
            stack = self.cloud.describe()
            api = self.cloud.resource("Api")
            state = (api, stack.get("LastUpdatedTime"), stack["StackId"])
            if state != self.known:
                self.make_routes(api)
                self.known = state
            return f"{self.cloud.world.aws}/_aws/execute-api/{api}/$default"

    def make_routes(self, api):
        gateway = self.cloud.client("apigatewayv2")
        for route in gateway.get_routes(ApiId=api)["Items"]:
            gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
        for integration in gateway.get_integrations(ApiId=api)["Items"]:
            gateway.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])
        function = self.cloud.client("lambda").get_function(FunctionName=self.cloud.resource("ApiFunction"))
        for key, uri in self.cloud.routes():
            values = {"AWS::Partition": "aws", "AWS::Region": REGION, "ApiFunction.Arn": function["Configuration"]["FunctionArn"]}
            uri = re.sub(r"\$\{([\w:.]+)\}", lambda m: values[m[1]], uri)
            made = gateway.create_integration(
                ApiId=api, IntegrationType="AWS_PROXY", IntegrationMethod="POST", PayloadFormatVersion="2.0", IntegrationUri=uri
            )
            gateway.create_route(ApiId=api, RouteKey=key, Target="integrations/" + made["IntegrationId"])
