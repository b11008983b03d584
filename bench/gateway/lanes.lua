-- The rules of traffic.ts in nginx, as one would write them by hand: nothing is read before a rule asks for it. Cookies,
-- queries and headers are what nginx's own variables say they are.
local balancer = require "ngx.balancer"
local bit = require "bit"

local byte, find, gmatch, match, sub = string.byte, string.find, string.gmatch, string.match, string.sub
local band, bor, bxor, lshift, rol, rshift, tobit = bit.band, bit.bor, bit.bxor, bit.lshift, bit.rol, bit.rshift, bit.tobit
local ngx = ngx

local testers = {}
for at = 0, 49 do testers["tester-" .. at] = true end
local hosts = { ["beta.example.com"] = true, ["next.example.com"] = true }
local partners = { a = true, b = true, c = true }

-- The low 32 bits of a product; every step stays below 2^53.
local function multiply(a, b)
  local low, factor = band(a, 0xffff), band(b, 0xffff)
  return tobit(low * factor + lshift(rshift(a, 16) * factor + low * rshift(b, 16), 16))
end

local function scramble(block)
  return multiply(rol(multiply(block, 0xcc9e2d51), 15), 0x1b873593)
end

-- MurmurHash3, x86, 32 bits (Austin Appleby).
local function murmur3(text)
  local hash, length = 0, #text
  local whole = length - length % 4
  for at = 1, whole, 4 do
    local a, b, c, d = byte(text, at, at + 3)
    hash = bxor(hash, scramble(bor(a, lshift(b, 8), lshift(c, 16), lshift(d, 24))))
    hash = tobit(multiply(rol(hash, 13), 5) + 0xe6546b64)
  end
  local block = 0
  for at = length, whole + 1, -1 do block = bor(lshift(block, 8), byte(text, at)) end
  hash = bxor(hash, scramble(block), length)
  hash = multiply(bxor(hash, rshift(hash, 16)), 0x85ebca6b)
  hash = multiply(bxor(hash, rshift(hash, 13)), 0xc2b2ae35)
  hash = bxor(hash, rshift(hash, 16))
  return hash < 0 and hash + 0x100000000 or hash
end

local function in_office(address)
  local a, b, c = byte(address, 1, 3)
  return #address == 4 and (a == 10 and b == 20 or a == 192 and b == 168 and c == 7)
end

local function is_recent_app(var)
  if var.http_x_app ~= "ios" then return false end
  local major, minor = match(var.http_x_app_version or "", "^(%d+)%.(%d+)%.%d+$")
  major, minor = tonumber(major), tonumber(minor)
  return major ~= nil and (major > 7 or major == 7 and minor >= 2)
end

local function lane_of(var)
  local user = var.http_x_user_id or var.cookie_uid
  if var.http_x_tester == "1" then return "gray" end
  if user and testers[user] then return "gray" end
  if var.cookie_lane == "gray" then return "gray" end
  if var.arg_lane == "gray" then return "gray" end
  if in_office(var.binary_remote_addr) then return "gray" end
  if sub(var.uri, 1, 6) == "/beta/" then return "gray" end
  if hosts[var.host] then return "gray" end
  if is_recent_app(var) then return "gray" end
  if sub(var.http_accept_language or "", 1, 2) == "fr" then return "gray" end
  if partners[var.http_x_partner or ""] or var.arg_partner then return "gray" end
  if user and murmur3("bench:" .. user) * 100 / 0x100000000 < 20 then return "gray" end
  return "stable"
end

-- Baggage without a lane that somebody forged.
local function without_lane(baggage)
  if not find(baggage, "graylane", 1, true) then return baggage end
  local kept = {}
  for member in gmatch(baggage, "[^,]+") do
    if not find(member, "^%s*graylane%s*[=;]") then kept[#kept + 1] = member end
  end
  return table.concat(kept, ",")
end

local lanes = {}

-- Decides the lane and tags the request with it, in baggage and in the copy beside it.
function lanes.decide()
  local var = ngx.var
  local lane = lane_of(var)
  local given = var.http_baggage or ""
  local others = without_lane(given)
  ngx.ctx.lane = lane
  if lane == "gray" then
    ngx.req.set_header("Baggage", others == "" and "graylane=gray" or "graylane=gray," .. others)
    ngx.req.set_header("X-Graylane", "gray")
  else
    if others ~= given then ngx.req.set_header("Baggage", others) end
    if var.http_x_graylane then ngx.req.clear_header("X-Graylane") end
  end
end

-- Passes the request to the instance of its lane, of which the ports are given.
function lanes.balance(stable, gray)
  assert(balancer.set_current_peer("127.0.0.1", ngx.ctx.lane == "gray" and gray or stable))
end

return lanes
