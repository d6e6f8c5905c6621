"""Asks voc as Python programs do.

A client that openapi-python-client generated from /api/openapi.json, in the
package voc_client, pages through the list; pandas and DuckDB read the CSV.

    VOC_URL=http://127.0.0.1:8080 python client.py

Exits with 1 when an answer is not as the description has it.
"""

import os
import tempfile
import urllib.request

import duckdb
import pandas
from voc_client.api.feedback import count_feedback, get_feedback, list_feedback
from voc_client.client import Client
from voc_client.models import FeedbackValues, Problem

url = os.environ["VOC_URL"]
voc = Client(base_url=url)


def pages(**parameters):
    """Yields the records of all pages."""
    cursor = {}
    while True:
        response = list_feedback.sync_detailed(client=voc, limit=7, **cursor, **parameters)
        assert response.status_code == 200, response.content
        yield from response.parsed
        following = response.headers.get("X-Next-Cursor")
        if following is None:
            return
        cursor = {"cursor": following}


records = list(pages(team=["Triage"]))
counts = count_feedback.sync(client=voc, team=["Triage"])
assert len(records) > 7 and len({record.id for record in records}) == len(records) == counts.total
assert all(isinstance(record, FeedbackValues) and record.team == "Triage" for record in records)
assert records == sorted(records, key=lambda record: record.created, reverse=True)
one = get_feedback.sync(client=voc, id=records[0].id)
assert one.description == records[0].description and one.areas is not None
some = list_feedback.sync(client=voc, fields="id,priority", limit=1)
assert set(some[0].to_dict()) == {"id", "priority"}, some
refused = list_feedback.sync(client=voc, limit=7, cursor="invented")
assert isinstance(refused, Problem) and refused.errors[0].parameter == "cursor", refused
print("generated client:", len(records), "records in pages of 7")

total = count_feedback.sync(client=voc).total
table = pandas.read_csv(url + "/api/feedback.csv", parse_dates=["created"], keep_default_na=False)
assert len(table) == total and table.columns[0] == "id" and len(table.columns) == 16, table.columns
assert set(table[table.team == "Triage"].id) == {record.id for record in records}
assert table.created.is_monotonic_decreasing and str(table.created.dt.tz) == "UTC"
print("pandas:", len(table), "rows")

with tempfile.TemporaryDirectory() as place:
    file = os.path.join(place, "feedback.csv")
    urllib.request.urlretrieve(url + "/api/feedback.csv", file)
    rows = duckdb.sql(f"SELECT team, count(*) FROM read_csv('{file}') GROUP BY team").fetchall()
    created = duckdb.sql(f"SELECT typeof(created) FROM read_csv('{file}') LIMIT 1").fetchall()
assert dict(rows) == table.team.value_counts().to_dict(), rows
assert created[0][0].startswith("TIMESTAMP"), created
print("DuckDB:", sum(n for _, n in rows), "rows")
