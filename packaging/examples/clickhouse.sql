-- ClickHouse as the collector of a fleet: one row an event. The policy's part is in
-- clickhouse.yaml. Run with clickhouse-client --multiquery < clickhouse.sql
CREATE DATABASE IF NOT EXISTS audit;

-- Objects of the JSON become columns with a dot, of the first level; more of them,
-- as traceleft.events(7) lists them, may be added. A batch may arrive twice: rows with
-- the same event.id become one.
CREATE TABLE IF NOT EXISTS audit.events (
	`@timestamp` String,
	day Date MATERIALIZED toDate(substring(`@timestamp`, 1, 10)),
	`event.id` String,
	`event.action` String,
	`event.outcome` String,
	`event.sequence` UInt64,
	`host.name` String,
	`host.id` String,
	`process.pid` UInt32,
	`process.entity_id` String,
	`process.name` String,
	`process.executable` String,
	`process.command_line` String,
	`user.id` String,
	`user.name` String,
	`file.path` String,
	`file.target_path` String,
	`source.ip` String,
	`destination.ip` String,
	`destination.port` UInt16,
	`container.id` String,
	`rule.name` String,
	`log.level` String,
	tags Array(String),
	message String,
	`traceleft.args_text` String,
	`traceleft.ret` Int64,
	`traceleft.errno` String,
	`traceleft.unit` String,
	`traceleft.cpu` UInt32,
	`traceleft.seq` UInt64,
	`traceleft.count` UInt64,
	`traceleft.stage` String
) ENGINE = ReplacingMergeTree() PARTITION BY day ORDER BY (`event.action`, `@timestamp`, `event.id`);

-- How many events of each kind, each once:
--   SELECT `event.action`, uniqExact(`event.id`) FROM audit.events GROUP BY `event.action`
-- What a rule has kept, without those that came twice:
--   SELECT `@timestamp`, `host.name`, `user.name`, `process.executable`, `file.path`
--   FROM audit.events FINAL WHERE `rule.name` = 'etc-changes' ORDER BY `@timestamp`
-- What was lost on the way:
--   SELECT `@timestamp`, `host.name`, `traceleft.count`, `traceleft.stage`
--   FROM audit.events FINAL WHERE `event.action` = 'lost'
