"""Starts runs of the refresh functions and reports their outcome."""

import datetime
import json
import os
import random
import string
import subprocess
import sys

from cloud import REGION, SAM, STACK, aws, deployed, outputs_of, parameters_of

FUNCTIONS = {"incremental": "RefreshIncrementalFunction"}  # all other modes: RefreshFullFunction


def function_of(mode):
    return outputs_of(deployed())[FUNCTIONS.get(mode, "RefreshFullFunction")]


def call(mode, event):
    """Invokes a refresh function and waits for its response, which is JSON."""
    answer = aws("lambda").invoke(FunctionName=function_of(mode), Payload=json.dumps(event))
    content = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        sys.exit(f"{mode}: {content.get('errorMessage', content)}")
    return content


def start(mode, **more):
    """Starts a run with an id that is already known, and does not wait for it."""
    letters = "".join(random.choices(string.ascii_lowercase + "234567", k=5))
    run = f"{mode}-{datetime.datetime.now(datetime.timezone.utc):%Y%m%dT%H%M%SZ}-{letters}"
    event = {"mode": mode, "run_id": run} | more
    aws("lambda").invoke(FunctionName=function_of(mode), InvocationType="Event", Payload=json.dumps(event))
    print(f"started  {run}\nnext     make status shows how it ends; GET /api/cache/runs/{run} is its receipt")


def accepted():
    return {"accept": True} if os.environ.get("ACCEPT") == "1" else {}


def invoke_full():
    """ACCEPT=1: may pass the publish gate."""
    start("full", **accepted())


def invoke_sweep():
    """ACCEPT=1: may pass the publish gate."""
    start("sweep", **accepted())


def invoke_incremental():
    """ACCEPT=1: may pass the publish gate."""
    start("incremental", **accepted())


def invoke_rollback():
    """SNAPSHOT: an id of GET /api/cache/snapshots, else previous."""
    start("rollback", snapshot=os.environ.get("SNAPSHOT") or "previous")


def invoke_check():
    """JSON=1: the response of the function."""
    answer = call("check", {"mode": "check"})
    if os.environ.get("JSON") == "1":
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        for name, lines in (("ok", answer["fine"]), ("note", answer["notes"]), ("WRONG", answer["wrong"])):
            for line in lines:
                print(f"{name:6} {line}")
        if "field_map" in answer:
            assignment = answer["field_map"].replace("FIELD_MAP='", "'FieldMap=")
            print(f"\nA setting to start from:\nmake deploy SET={assignment}")
        print(f"\n{answer['verdict']}")
    if answer.get("wrong"):
        sys.exit(1)


# The headings of OPERATE.md that explain a late refresh, if a warning of the status names them.
LATE = ("Refresh failed", "Refreshes held", "Quota high", "Schedule off", "Watchdog silent", "Store damaged", "Store unreadable")


def lateness(answer):
    """Whether a refresh is late, and the headings of OPERATE.md that say why."""
    if not answer["stale"]:
        return "no"
    found = [heading for heading in LATE if any(f'(OPERATE.md, "{heading}")' in warning for warning in answer["warnings"] or [])]
    off = parameters_of(deployed()).get("Schedules") == "off"
    named = found or ["Schedule off" if off else "Refresh overdue"]
    return "yes: a refresh that was due has not succeeded (OPERATE.md, " + ", ".join(f'"{heading}"' for heading in named) + ")"


def status():
    """JSON=1: everything that GET /api/cache/ returns."""
    answer = call("incremental", {"mode": "get_status"})
    if os.environ.get("JSON") == "1":
        print(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    cache, snapshot = answer["cache_status"], answer.get("snapshot") or {}
    running = cache.get("running")
    rows = [
        ("records", cache["total_records"]),
        ("snapshot", snapshot.get("id", "none yet: make invoke-full")),
        ("data as of", snapshot.get("data_as_of", "-")),
        ("stale", lateness(answer)),
        ("last run", cache["last_run_type"] or "-"),
        ("last success", cache["last_update"] or "-"),
        ("last error", cache["last_error"] or "none"),
        ("running", f"{running['run_id']}, {running['pages']} pages" if running else "nothing"),
        ("Airtable", f"{answer['airtable']['calls_this_month']} calls this month, {answer['airtable']['forecast']} at its end"),
    ]
    for mode, plan in answer["schedule"].items():
        rows.append((mode, f"next {plan['next_run'] or '-'}, last {plan['last_run'] or '-'}, last success {plan['last_success'] or '-'}"))
    rows += [("warning", warning) for warning in answer["warnings"] or []]
    for name, value in rows:
        print(f"{name:12} {value}")


def schedules():
    """The calls of EventBridge Scheduler in the last 7 days, and the dead-letter queue."""
    outputs = outputs_of(deployed())
    scheduler, group = aws("scheduler"), outputs["ScheduleGroup"]
    for short in scheduler.list_schedules(GroupName=group)["Schedules"]:
        full = scheduler.get_schedule(GroupName=group, Name=short["Name"])
        mode = json.loads(full["Target"]["Input"])["mode"]
        print(f"{mode:12} {full['ScheduleExpression']} in {full['ScheduleExpressionTimezone']}, {full['State'].lower()}")
    now = datetime.datetime.now(datetime.timezone.utc)
    for metric in ("InvocationAttemptCount", "TargetErrorCount", "InvocationDroppedCount", "InvocationsSentToDeadLetterCount"):
        points = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Scheduler", MetricName=metric, Dimensions=[{"Name": "ScheduleGroup", "Value": group}],
            StartTime=now - datetime.timedelta(days=7), EndTime=now, Period=86400, Statistics=["Sum"],
        )["Datapoints"]  # fmt: skip
        print(f"{metric:34} {sum(point['Sum'] for point in points):.0f} in 7 days")
    letters(outputs["DeadLetterQueue"])


def letters(url):
    """Prints how many messages the dead-letter queue holds, and some of them, which stay there."""
    queue = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    count = int(queue["Attributes"]["ApproximateNumberOfMessages"])
    print(f"messages in DeadLetterQueue        {count}")
    if count == 0:
        return
    answer = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"])
    for message in answer.get("Messages", []):
        attributes = message.get("MessageAttributes", {})  # of the scheduler; Lambda writes the error into the body
        error = " ".join(value.get("StringValue", "") for name, value in sorted(attributes.items()) if name.startswith("ERROR"))
        print(f"\n{message['Body']}\n{error}".rstrip())
    print(f"\nWhen the cause is corrected, delete them: aws sqs purge-queue --region {REGION} --queue-url {url}")


# The events that `make test-events` adds to the console's Test menu.
TEST_EVENTS = {
    "RefreshFullFunction": {
        "check": {"mode": "check"},
        "full": {"mode": "full"},
        "sweep": {"mode": "sweep"},
        "rollback": {"mode": "rollback", "snapshot": "previous"},
        "status": {"mode": "get_status"},
    },
    "RefreshIncrementalFunction": {"incremental": {"mode": "incremental"}, "status": {"mode": "get_status"}},
    "WatchFunction": {"watch": {"mode": "watch"}, "drill": {"mode": "drill"}},
}


def test_events():
    deployed()
    for function, events in TEST_EVENTS.items():
        for name, event in events.items():
            command = [SAM, "remote", "test-event", "put", function, "--stack-name", STACK, "--region", REGION, "--name", name, "--file", "-", "--force"]
            subprocess.run(command, input=json.dumps(event), text=True, check=True)
    print("The console offers them under Lambda, the function, Test, Event name.")
