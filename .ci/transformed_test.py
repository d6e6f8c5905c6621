"""What users rely on in the template that CloudFormation gets: .aws-sam/transformed.json, which .ci/sam-transform writes."""

import json
import pathlib
import unittest

template = json.loads(pathlib.Path(".aws-sam/transformed.json").read_text())


def resources(kind):
    return {name: r for name, r in template["Resources"].items() if r["Type"] == kind}


def properties(kind):
    return {name: r["Properties"] for name, r in resources(kind).items()}


def statements(role):
    """The statements of a role; one that is there on a condition counts as there."""
    for policy in properties("AWS::IAM::Role")[role]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def rights(role):
    """What a role may do, each with the resources that it may do it to, as text."""
    may = {}
    for statement in statements(role):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            may[action] = may.get(action, "") + json.dumps(statement["Resource"])
    return may


class Schedules(unittest.TestCase):
    schedules = properties("AWS::Scheduler::Schedule")

    def test_are_three_in_a_group_of_their_own(self):
        self.assertEqual(
            {name: s["Target"]["Arn"]["Fn::GetAtt"][0] for name, s in self.schedules.items()},
            {
                "RefreshFullFunctionFull": "RefreshFullFunction",
                "RefreshFullFunctionSweep": "RefreshFullFunction",
                "RefreshIncrementalFunctionIncremental": "RefreshIncrementalFunction",
            },
        )
        for name, s in self.schedules.items():
            self.assertEqual(s["GroupName"], {"Ref": "ScheduleGroup"}, name)

    def test_are_in_the_zone_of_the_parameter_and_can_be_switched_off(self):
        for name, s in self.schedules.items():
            with self.subTest(name):
                self.assertEqual(s["ScheduleExpressionTimezone"], {"Ref": "ScheduleTimezone"})
                self.assertEqual(s["State"]["Fn::If"][1:], ["ENABLED", "DISABLED"])
                self.assertEqual(s["FlexibleTimeWindow"], {"Mode": "OFF"})

    def test_try_again_within_the_hour_and_then_leave_the_event_in_the_queue(self):
        for name, s in self.schedules.items():
            with self.subTest(name):
                self.assertEqual(s["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"], 3300)
                self.assertEqual(s["Target"]["DeadLetterConfig"], {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}})

    def test_may_do_nothing_but_call_their_function(self):
        for name, s in self.schedules.items():
            with self.subTest(name):
                may = rights(s["Target"]["RoleArn"]["Fn::GetAtt"][0])
                self.assertEqual(set(may), {"lambda:InvokeFunction", "sqs:SendMessage"})
                self.assertIn(json.dumps(s["Target"]["Arn"]), may["lambda:InvokeFunction"])


class Functions(unittest.TestCase):
    functions = properties("AWS::Lambda::Function")

    def test_are_static_binaries_on_a_runtime_that_is_kept_up(self):
        for name, f in self.functions.items():
            with self.subTest(name):
                self.assertEqual((f["Runtime"], f["Handler"], f["Architectures"]), ("provided.al2023", "bootstrap", [{"Ref": "Architecture"}]))

    def test_get_the_store_and_their_mode(self):
        for name, f in self.functions.items():
            self.assertIn("SNAPSHOT_STORE", f["Environment"]["Variables"], name)
        modes = {name: f["Environment"]["Variables"].get("REFRESH_MODE") for name, f in self.functions.items()}
        self.assertEqual(modes, {"ApiFunction": None, "RefreshFullFunction": "full", "RefreshIncrementalFunction": "incremental"})

    def test_get_no_secret_and_fit_in_4_kilobytes(self):
        for name, f in self.functions.items():
            with self.subTest(name):
                variables = f["Environment"]["Variables"]
                for secret in ("AIRTABLE_API_KEY", "READ_TOKENS", "ADMIN_TOKENS", "DASHBOARD_USERS", "NOTIFY_WEBHOOK_URL"):
                    self.assertEqual(variables.get(secret, ""), "")
                self.assertLess(len(json.dumps(variables)), 4096)

    def test_that_refresh_are_tried_three_times_within_the_hour(self):
        configs = {c["FunctionName"]["Ref"]: c for c in properties("AWS::Lambda::EventInvokeConfig").values()}
        self.assertEqual(set(configs), {"RefreshFullFunction", "RefreshIncrementalFunction"})
        for name, c in configs.items():
            with self.subTest(name):
                self.assertEqual((c["MaximumRetryAttempts"], c["MaximumEventAgeInSeconds"]), (2, 3300))
                self.assertEqual(c["DestinationConfig"]["OnFailure"]["Destination"], {"Fn::GetAtt": ["DeadLetters", "Arn"]})


class Rights(unittest.TestCase):
    def test_are_never_on_everything(self):
        for role in properties("AWS::IAM::Role"):
            for action, on in rights(role).items():
                self.assertNotIn("*", action, role)
                self.assertNotIn('"*"', on, f"{role}: {action}")
            self.assertNotIn("ManagedPolicyArns", properties("AWS::IAM::Role")[role])

    def test_of_the_api_are_to_read_and_to_start_refreshes(self):
        may = rights("ApiRole")
        self.assertEqual(
            set(may),
            {"logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket", "ssm:GetParameter", "lambda:InvokeFunction"},
        )
        self.assertNotIn("AirtableApiKey", may["ssm:GetParameter"])

    def test_of_a_refresh_are_to_keep_snapshots_below_the_base(self):
        may = rights("RefreshRole")
        self.assertEqual({a for a in may if a.startswith("s3:")}, {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"})
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            self.assertIn("/${AirtableBaseId}/*", may[action])
        self.assertNotIn("lambda:InvokeFunction", may)


class Bucket(unittest.TestCase):
    bucket = resources("AWS::S3::Bucket")["SnapshotBucket"]

    def test_stays_when_the_stack_goes(self):
        self.assertEqual((self.bucket["DeletionPolicy"], self.bucket["UpdateReplacePolicy"]), ("RetainExceptOnCreate", "Retain"))

    def test_is_private_encrypted_and_versioned(self):
        p = self.bucket["Properties"]
        self.assertEqual(list(p["PublicAccessBlockConfiguration"].values()), [True] * 4)
        self.assertEqual(p["OwnershipControls"]["Rules"], [{"ObjectOwnership": "BucketOwnerEnforced"}])
        self.assertEqual(p["VersioningConfiguration"], {"Status": "Enabled"})
        self.assertTrue(p["BucketEncryption"]["ServerSideEncryptionConfiguration"])

    def test_loses_no_object_that_is_current(self):
        for rule in self.bucket["Properties"]["LifecycleConfiguration"]["Rules"]:
            self.assertFalse({"ExpirationInDays", "ExpirationDate", "Transitions"} & set(rule), rule)

    def test_answers_only_over_tls(self):
        (statement,) = properties("AWS::S3::BucketPolicy")["SnapshotBucketPolicy"]["PolicyDocument"]["Statement"]
        self.assertEqual((statement["Effect"], statement["Principal"], statement["Condition"]), ("Deny", "*", {"Bool": {"aws:SecureTransport": False}}))


class Gateway(unittest.TestCase):
    def test_has_one_stage_without_a_prefix_that_throttles_and_logs(self):
        (stage,) = properties("AWS::ApiGatewayV2::Stage").values()
        self.assertEqual(stage["StageName"], "$default")
        self.assertEqual(stage["DefaultRouteSettings"], {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 50})
        self.assertEqual(stage["AccessLogSettings"]["DestinationArn"], {"Fn::GetAtt": ["AccessLogs", "Arn"]})
        json.loads(stage["AccessLogSettings"]["Format"])

    def test_leaves_cors_to_the_function(self):
        (api,) = properties("AWS::ApiGatewayV2::Api").values()
        self.assertNotIn("CorsConfiguration", api)
        self.assertNotIn("x-amazon-apigateway-cors", api["Body"])

    def test_knows_no_authorizer_unless_jwt_is_asked_for(self):
        (api,) = properties("AWS::ApiGatewayV2::Api").values()
        self.assertEqual(api["Body"]["components"]["Fn::If"][::2], ["ChecksJwt", {"Ref": "AWS::NoValue"}])


class Stack(unittest.TestCase):
    def test_can_stand_twice_in_an_account(self):
        for name, r in template["Resources"].items():
            for key in ("Name", "FunctionName", "BucketName", "QueueName", "RoleName", "LogGroupName"):
                self.assertNotIsInstance(r["Properties"].get(key) if "Properties" in r else None, str, name)

    def test_has_no_log_without_an_end(self):
        for name, group in properties("AWS::Logs::LogGroup").items():
            self.assertEqual(group["RetentionInDays"], {"Ref": "LogRetentionDays"}, name)


if __name__ == "__main__":
    unittest.main()
