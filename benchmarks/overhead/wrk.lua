-- One request a call, no two alike: @@N@@ in the body becomes a word of its own, so that nothing remembered helps.
-- wrk ... -s wrk.lua URL -- BODY_FILE [HEADER: VALUE]...
local prefix, suffix, count = "", "", 0

function init(args)
  local file = assert(io.open(args[1]))
  local body = file:read("*a")
  file:close()
  local from, to = body:find("@@N@@", 1, true)
  prefix, suffix = body:sub(1, from - 1), body:sub(to + 1)
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  for i = 2, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  math.randomseed(os.time())
  count = math.random(1, 2 ^ 30)
end

function request()
  count = count + 1
  local word, n = {}, count
  while n > 0 do
    word[#word + 1] = string.char(97 + n % 26)
    n = math.floor(n / 26)
  end
  return wrk.format(nil, nil, nil, prefix .. table.concat(word) .. suffix)
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "p50": %f, "p95": %f, "p99": %f, "max": %f, "bad": %d, "broken": %d, "timeouts": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, e.status, e.connect + e.read + e.write, e.timeout))
end
