// otlp.js MODULES REQUESTS LINES: what OpenTelemetry's own definitions read in requests, against the JSON
// lines of the same events, by event.id. Every member of a line has to be in its record, with that name and
// value, and the record has nothing else. REQUESTS: bodies, behind each other.
const fs = require("fs");
const [modules, requestsFile, linesFile] = process.argv.slice(2);
const { opentelemetry } = require(`${modules}/@opentelemetry/otlp-transformer/build/src/generated/root`);
const { ExportLogsServiceRequest } = opentelemetry.proto.collector.logs.v1;
const INT64_MAX = 2n ** 63n - 1n;
const severities = { debug: 5, info: 9, notice: 10, warning: 13, err: 17, crit: 18, alert: 19, emerg: 21 };

// Numbers become BigInt: JSON.parse() would round them.
function parseLine(line) {
  const marked = line.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, (token) => (token[0] === '"' ? token : `{"number":"${token}"}`));
  return JSON.parse(marked, (key, value) =>
    value && typeof value === "object" && Object.keys(value).length === 1 && typeof value.number === "string" && /^-?\d+$/.test(value.number)
      ? BigInt(value.number)
      : value,
  );
}

// What a value of JSON is in an attribute: numbers beyond int64 are text.
function wanted(value) {
  if (Array.isArray(value)) return value.map(wanted);
  if (typeof value === "bigint") return value > INT64_MAX ? String(value) : value;
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, wanted(v)]));
  return value;
}

// Members with dots between the names, as far as they are objects.
function flatten(object, prefix, into) {
  for (const [key, value] of Object.entries(object))
    if (value && typeof value === "object" && !Array.isArray(value)) flatten(value, `${prefix}${key}.`, into);
    else into.set(prefix + key, wanted(value));
  return into;
}

function found(any) {
  const kinds = any ? Object.keys(any).filter((key) => any[key] !== null && Object.hasOwn(any, key)) : [];
  if (kinds.length > 1) throw new Error(`a value of ${kinds}`);
  switch (kinds[0]) {
    case undefined: return null;
    case "stringValue": return any.stringValue;
    case "intValue": return BigInt(any.intValue.toString());
    case "arrayValue": return any.arrayValue.values.map(found);
    case "kvlistValue": return Object.fromEntries(any.kvlistValue.values.map(({ key, value }) => [key, found(value)]));
    default: throw new Error(`a value of kind ${kinds[0]}`);
  }
}

function attributes(list, into) {
  for (const { key, value } of list) {
    if (into.has(key)) throw new Error(`${key} twice`);
    into.set(key, found(value));
  }
  return into;
}

const show = (value) => JSON.stringify(value, (key, v) => (typeof v === "bigint" ? `${v}n` : v));

// An object within an array keeps its order.
function compare(id, is, should) {
  for (const [key, value] of should)
    if (!is.has(key)) throw new Error(`${id}: no ${key}`);
    else if (show(is.get(key)) !== show(value)) throw new Error(`${id}: ${key} is ${show(is.get(key))}, not ${show(value)}`);
  for (const key of is.keys()) if (!should.has(key)) throw new Error(`${id}: ${key} is not in the line`);
  return should.size;
}

function nanoseconds(time) {
  const [seconds, fraction] = time.replace("Z", "").split(".");
  return BigInt(Date.parse(`${seconds}Z`)) * 1000000n + BigInt(fraction.padEnd(9, "0"));
}

function ownFields(id, record, should) {
  const time = nanoseconds(should.get("@timestamp"));
  const level = should.get("log.level");
  const pairs = [
    ["timeUnixNano", BigInt(record.timeUnixNano.toString()), time],
    ["observedTimeUnixNano", BigInt(record.observedTimeUnixNano.toString()), time],
    ["eventName", record.eventName, should.get("event.action")],
    ["severityText", record.severityText || undefined, level],
    ["severityNumber", record.severityNumber || undefined, severities[level]],
  ];
  for (const [name, is, want] of pairs) if (is !== want) throw new Error(`${id}: ${name} is ${is}, not ${want}`);
  if (!record.body?.stringValue) throw new Error(`${id}: no body`);
}

const lines = new Map();
for (const line of fs.readFileSync(linesFile, "utf8").split("\n").filter(Boolean)) {
  const should = flatten(parseLine(line), "", new Map());
  lines.set(should.get("event.id"), should);
}
const body = fs.readFileSync(requestsFile);
const request = ExportLogsServiceRequest.decode(body);
// What the definitions know is all that there is: written again it is as long.
const again = ExportLogsServiceRequest.encode(request).finish().length;
const seen = new Set();
const actions = new Set();
let fields = 0;
for (const { resource, scopeLogs } of request.resourceLogs) {
  for (const { scope, logRecords } of scopeLogs) {
    if (scope.name !== "traceleft" || !scope.version) throw new Error(`scope ${show(scope)}`);
    for (const record of logRecords) {
      const is = attributes(resource.attributes, attributes(record.attributes, new Map()));
      const id = is.get("event.id");
      const should = lines.get(id);
      if (!should) throw new Error(`no line of ${id}`);
      if (is.get("service.name") !== "traceleft") throw new Error(`${id}: no service.name`);
      is.delete("service.name");
      fields += compare(`${should.get("event.action")} ${id}`, is, should);
      ownFields(id, record, should);
      seen.add(id);
      actions.add(should.get("event.action"));
    }
  }
}
for (const [id, line] of lines) if (!seen.has(id)) throw new Error(`no record of ${line.get("event.action")} ${id}`);
if (!seen.size) throw new Error("no records");
console.log(`# ${seen.size} records of ${actions.size} types with ${fields} fields, ${body.length} bytes, ${again} when written again`);
