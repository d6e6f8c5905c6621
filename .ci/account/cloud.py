"""A stack on the emulated account, as an operator and as AWS see it."""

import contextlib
import json
import subprocess
import sys
import time

import boto3
import botocore.config
import botocore.exceptions
from world import REGION, ROOT, Gateway, send

ONCE = botocore.config.Config(retries={"max_attempts": 1}, read_timeout=120)


class Cloud:
    def __init__(self, world, stack="voc"):
        self.world, self.stack = world, stack
        self.gateway = Gateway(self)

    def client(self, service):
        return boto3.client(service, region_name=REGION, config=ONCE)

    def describe(self):
        return self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]

    def outputs(self):
        return {o["OutputKey"]: o["OutputValue"] for o in self.describe()["Outputs"]}

    def resource(self, name):
        found = self.client("cloudformation").describe_stack_resource(StackName=self.stack, LogicalResourceId=name)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def bucket(self):
        return self.outputs()["SnapshotStore"].split("/")[2]

    def routes(self):
        """Route keys and integrations of the transformed template, under the conditions of this stack's parameters."""
        template = self.processed()
        jwt = {p["ParameterKey"]: p["ParameterValue"] for p in self.describe()["Parameters"]}["ReadAccess"] == "jwt"
        for path, item in template["Resources"]["Api"]["Properties"]["Body"]["paths"].items():
            if "Fn::If" in item:
                item = item["Fn::If"][1 if jwt else 2]
            for method, operation in item.items():
                if isinstance(operation, dict) and "x-amazon-apigateway-integration" in operation:
                    verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                    yield f"{verb} {path}", operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]

    def make(self, command, **settings):
        """Runs a command of infra/stack as the Makefile does, without prompts: its output, and whether it succeeded."""
        env = self.world.env | {"STACK": self.stack, "API": self.gateway.url, "YES": "1"} | settings
        run = subprocess.run([sys.executable, "-B", ROOT / "infra/stack", command], env=env, capture_output=True, text=True)
        return run.stdout + run.stderr, run.returncode == 0

    def deploy(self, template, **settings):
        said, ok = self.make("deploy", TEMPLATE=str(template), **settings)
        if not ok:
            sys.exit(f"make deploy {settings}:\n{said}")
        return said

    def change_set(self, **values):
        """Why CloudFormation rejects these parameters on the stack, or "" if it accepts them. Nothing changes."""
        cloudformation, name = self.client("cloudformation"), f"typo-{time.monotonic_ns()}"
        given = [p["ParameterKey"] for p in self.describe()["Parameters"] if p["ParameterKey"] not in values]
        try:
            cloudformation.create_change_set(
                StackName=self.stack,
                ChangeSetName=name,
                UsePreviousTemplate=True,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
                Parameters=[{"ParameterKey": k, "UsePreviousValue": True} for k in given]
                + [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
            )
            for _ in range(100):
                made = cloudformation.describe_change_set(StackName=self.stack, ChangeSetName=name)
                if made["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                    break
                time.sleep(0.1)
            if made["Status"] == "FAILED" and "didn't contain changes" not in made.get("StatusReason", ""):
                return made["StatusReason"]
            return ""
        except botocore.exceptions.ClientError as err:
            return str(err)

    def invoke(self, function, event):
        """The response of a refresh function, and the error if it is one."""
        answer = self.client("lambda").invoke(FunctionName=self.resource(function), Payload=json.dumps(event))
        content = json.loads(answer["Payload"].read())
        return content, answer.get("FunctionError")

    def call_api(self, method, path, headers):
        """The API function's response to API Gateway's event for a request without a body."""
        route = f"ANY {'/' if path == '/' else '/{proxy+}'}"
        http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"}
        event = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path.partition("?")[0],
            "rawQueryString": path.partition("?")[2],
            "headers": {name.lower(): value for name, value in headers.items()},
            "requestContext": {"http": http, "routeKey": route, "stage": "$default", "requestId": "preflight", "domainName": "127.0.0.1"},
            "isBase64Encoded": False,
        }
        answer, error = self.invoke("ApiFunction", event)
        if error:
            return 500, {}, json.dumps(answer).encode()
        return answer["statusCode"], answer.get("headers") or {}, (answer.get("body") or "").encode()

    def ask(self, path, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(self.gateway.url + path, method, headers=headers)

    def role(self, name):
        return self.resource(name).rsplit("/", 1)[-1]

    def as_role(self, name, service):
        """A client with the rights of a role."""
        arn = self.client("iam").get_role(RoleName=self.role(name))["Role"]["Arn"]
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="reader")["Credentials"]
        return boto3.client(
            service, region_name=REGION, config=ONCE, aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
        )  # fmt: skip

    @contextlib.contextmanager
    def denied(self, role, action):
        """Removes a right from a role, with fresh functions that have cached nothing."""
        iam, policy = self.client("iam"), {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": action, "Resource": "*"}}
        iam.put_role_policy(RoleName=self.role(role), PolicyName="denied", PolicyDocument=json.dumps(policy))
        self.refresh_functions()
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=self.role(role), PolicyName="denied")
            self.refresh_functions()

    def refresh_functions(self):
        """Uploads the code again, so that the next call starts a function that has read nothing."""
        resources = self.processed()["Resources"]
        for name in ("ApiFunction", "RefreshFullFunction", "RefreshIncrementalFunction", "WatchFunction"):
            code = resources[name]["Properties"]["Code"]
            self.client("lambda").update_function_code(FunctionName=self.resource(name), **code)

    def processed(self):
        """The template as transformed by CloudFormation."""
        template = self.client("cloudformation").get_template(StackName=self.stack, TemplateStage="Processed")["TemplateBody"]
        return json.loads(template) if isinstance(template, str) else template

    def failures(self):
        """The number of events in the dead-letter queue."""
        queue = self.outputs()["DeadLetterQueue"]
        seen = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(seen["Attributes"]["ApproximateNumberOfMessages"])
