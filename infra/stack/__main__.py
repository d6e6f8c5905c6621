"""Deploys and operates a stack of template.yaml: the Makefile's targets for AWS run it, with the Python of the SAM
CLI. The environment holds the settings: STAGE (prod or dev, a section of samconfig.toml), and those that each
command names. It writes to no tracked file and prints no secret.
"""

import sys

import botocore.exceptions
import deploy
import runs
import smoke

COMMANDS = {
    "deploy": deploy.deploy,
    "deploy-api": deploy.deploy_api,
    "outputs": deploy.outputs,
    "parameters": deploy.parameters,
    "smoke": smoke.smoke,
    "status": runs.status,
    "schedules": runs.schedules,
    "test-events": runs.test_events,
    "invoke-check": runs.invoke_check,
    "invoke-full": runs.invoke_full,
    "invoke-sweep": runs.invoke_sweep,
    "invoke-incremental": runs.invoke_incremental,
    "invoke-rollback": runs.invoke_rollback,
}

if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
    sys.exit("one of " + ", ".join(COMMANDS))
try:
    COMMANDS[sys.argv[1]]()
except botocore.exceptions.NoCredentialsError:
    sys.exit("No AWS credentials were found: aws configure, aws sso login, or AWS_PROFILE=…")
except botocore.exceptions.ClientError as err:
    sys.exit(f"AWS rejected the call: {err}")
