-- ClickHouse as the collector of a fleet; the policy's part is in clickhouse.yaml.
-- A batch may arrive twice: rows with the same event id become one.
CREATE DATABASE IF NOT EXISTS audit;

-- What comes in, one JSON object a row.
CREATE TABLE IF NOT EXISTS audit.incoming (line String) ENGINE = Null;

CREATE TABLE IF NOT EXISTS audit.events (
	day Date,
	time DateTime,
	nanoseconds UInt32,
	id String,
	host String,
	action String,
	outcome String,
	executable String,
	user String,
	audit_user String,
	path String,
	destination String,
	rule String,
	line String
) ENGINE = ReplacingMergeTree() PARTITION BY day ORDER BY (action, time, id);

CREATE MATERIALIZED VIEW IF NOT EXISTS audit.incoming_to_events TO audit.events AS SELECT
	toDate(time) AS day,
	toDateTime(replaceOne(substring(visitParamExtractString(line, '@timestamp'), 1, 19), 'T', ' '), 'UTC') AS time,
	toUInt32(substring(visitParamExtractString(line, '@timestamp'), 21, 9)) AS nanoseconds,
	extract(line, '"event":\\{.*?"id":"([^"]*)"') AS id,
	extract(line, '"host":\\{"name":"([^"]*)"') AS host,
	visitParamExtractString(line, 'action') AS action,
	visitParamExtractString(line, 'outcome') AS outcome,
	visitParamExtractString(line, 'executable') AS executable,
	extract(line, '"user":\\{"id":"([^"]*)"') AS user,
	extract(line, '"audit":\\{"id":"([^"]*)"') AS audit_user,
	extract(line, '"file":\\{"path":"((?:[^"\\\\]|\\\\.)*)"') AS path,
	extract(line, '"destination":\\{"ip":"([^"]*)"') AS destination,
	extract(line, '"rule":\\{"name":"([^"]*)"') AS rule,
	line
FROM audit.incoming;

-- How many events of each kind, each once:
--   SELECT action, uniqExact(id) FROM audit.events GROUP BY action ORDER BY 2 DESC
-- Who wrote below /etc:
--   SELECT time, host, audit_user, executable, path FROM audit.events FINAL
--   WHERE path LIKE '/etc/%' AND rule = 'etc-changes' ORDER BY time
-- What was lost on the way:
--   SELECT time, host, visitParamExtractUInt(line, 'count') FROM audit.events FINAL WHERE action = 'lost'
