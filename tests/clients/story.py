"""Upload, run, follow, download: with the client that openapi-python-client makes."""

from __future__ import annotations

import io
import json
import sys

from ade_client import AuthenticatedClient
from ade_client.api.documents import create_document
from ade_client.api.runs import create_run, download_run_output, get_run, list_run_logs
from ade_client.models import (
    Document,
    FileForm,
    LogPage,
    NewRun,
    ProblemDetails,
    Run,
    RunCompletedEvent,
    RunCreatedEvent,
    RunStartedEvent,
    WorkspaceCountsEvent,
)
from ade_client.types import File

address, token, configuration = sys.argv[1:4]
client = AuthenticatedClient(base_url=address, token=token)

file = File(payload=io.BytesIO(b"First name,Surname,E-mail\nAnn,Lee,ann@example.org\n"), file_name="story.csv")
document = create_document.sync("default", client=client, body=FileForm(file=file))
assert isinstance(document, Document), document

run = create_run.sync(configuration, client=client, body=NewRun(document_id=document.id))
assert isinstance(run, Run), run

# Streams are read line by line with the client's own connection; each line is of the model of its event.
seen = []
follow = client.get_httpx_client().stream(
    "GET", f"/api/v1/runs/{run.id}/events", headers={"Accept": "application/x-ndjson"}, timeout=120
)
with follow as stream:
    for line in filter(None, stream.iter_lines()):
        event = json.loads(line)
        seen.append(event["event"])
        if event["event"] == "run.created":
            assert RunCreatedEvent.from_dict(event).data.run.id == run.id
        if event["event"] == "run.started":
            assert RunStartedEvent.from_dict(event).data.attempt == 1
        if event["event"] == "run.completed":
            completed = RunCompletedEvent.from_dict(event).data.run
            assert isinstance(completed, Run) and completed.status == "succeeded", event
assert seen[0] == "run.created" and seen[-1] == "run.completed", seen

# The events of a workspace never end: the first one has the counts.
with client.get_httpx_client().stream("GET", "/api/v1/events", timeout=30) as stream:
    data = next(line for line in stream.iter_lines() if line.startswith("data: "))
counts = WorkspaceCountsEvent.from_dict({"event": "counts", "data": json.loads(data.removeprefix("data: "))})
assert counts.data.queued == 0, counts

page = list_run_logs.sync(run.id, client=client, limit=1)
assert isinstance(page, LogPage) and page.has_more and page.next_after_id == 1, page

output = download_run_output.sync(run.id, client=client)
assert isinstance(output, File) and output.payload.read(2) == b"PK", output

absent = get_run.sync("0199", client=client)
assert isinstance(absent, ProblemDetails) and absent.status == 404, absent
print("done")
