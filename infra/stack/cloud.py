"""The stack that the environment names, as CloudFormation describes it."""

import os
import pathlib
import sys

import boto3
import botocore.config
import botocore.exceptions
import tomlkit

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGE = os.environ.get("STAGE") or "prod"
SETTINGS = tomlkit.parse((ROOT / "samconfig.toml").read_text()).unwrap()
STACK = os.environ.get("STACK") or SETTINGS[STAGE]["global"]["parameters"]["stack_name"]
REGION = os.environ.get("AWS_REGION") or SETTINGS[STAGE]["global"]["parameters"]["region"]
SAM = os.environ.get("SAM") or "sam"


# A client waits for as long as a function may run, and does not invoke it twice.
PATIENT = botocore.config.Config(read_timeout=910, retries={"max_attempts": 0})


def aws(service):
    return boto3.client(service, region_name=REGION, config=PATIENT if service == "lambda" else None)


def describe():
    """The stack as CloudFormation has it, or None."""
    try:
        return aws("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    except botocore.exceptions.ClientError as err:
        if "does not exist" in str(err):
            return None
        raise


def deployed():
    """The stack. If there is none, exits with advice."""
    stack = describe()
    if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        sys.exit(f"There is no stack {STACK} in {REGION}: make deploy BASE=app… ORIGIN=https://…")
    return stack


def parameters_of(stack):
    return {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}


def outputs_of(stack):
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
