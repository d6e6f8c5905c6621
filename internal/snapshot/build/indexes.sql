-- What follows from the rows of the parts and needs no Go.
CREATE UNIQUE INDEX details.record_id ON record (id);
CREATE UNIQUE INDEX source.record_id ON record (id);
CREATE INDEX serve.feedback_created ON feedback (created); -- where an interval of time begins and ends
