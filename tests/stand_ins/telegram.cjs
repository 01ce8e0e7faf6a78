// telegram-test-api behind a front that gives its answers the shapes of the real Bot API, and that delivers to a
// webhook as Telegram does: with the secret, and again when the answer is not a success.
// Usage: node telegram.cjs PORT INNER_PORT. POST /_deliver_to {"url"} says where the public address really is.
"use strict";
const http = require("node:http");
const TelegramServer = require("telegram-test-api");

const [port, innerPort] = process.argv.slice(2).map(Number);
const inner = new TelegramServer({ port: innerPort, host: "127.0.0.1", storeTimeout: 3600 });
const webhooks = {};
let publicAddress = null;

const DELIVERIES = 3;
inner.addUserUpdate = async function (update) {
  const webhook = webhooks[update.botToken];
  if (!webhook) this.storage.userMessages.push(update);
  else {
    const url = new URL(webhook.url);
    const target = publicAddress ? publicAddress + url.pathname : webhook.url;
    const body = JSON.stringify(complete(TelegramServer.formatUpdate(update)));
    const headers = { "Content-Type": "application/json" };
    if (webhook.secret_token) headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret_token;
    for (let n = 0; n < DELIVERIES; n += 1) {
      const answer = await fetch(target, { method: "POST", body, headers });
      if (answer.ok) break;
    }
  }
  this.updateId += 1;
};

function complete(update) {
  if (update.callback_query) update.callback_query.chat_instance = "1";
  return update;
}

const BOT = { id: 666, is_bot: true, first_name: "Test", username: "TestNameBot" };
const ours = {
  getMe: () => BOT,
  sendChatAction: () => true,
  setMyCommands: () => true,
  getMyCommands: () => [],
  getWebhookInfo: (token) => ({
    url: webhooks[token]?.url ?? "",
    has_custom_certificate: false,
    pending_update_count: 0,
    ...(webhooks[token] ? { allowed_updates: JSON.parse(webhooks[token].allowed_updates) } : {}),
  }),
  setWebhook: (token, form) => Boolean((webhooks[token] = form)),
  deleteWebhook: (token) => delete webhooks[token] || true,
};

function corrected(method, result, form) {
  if (method === "sendMessage") {
    const { message_id, date, chat, text } = result;
    return { message_id, date: Math.floor(date / 1000), chat, text, from: BOT };
  }
  if (method.startsWith("edit")) {
    return { message_id: Number(form.message_id), date: 1, chat: { id: Number(form.chat_id), type: "private" } };
  }
  if (method === "getUpdates") return result.map(complete);
  return result ?? true;
}

http
  .createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const send = (status, value) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (request.url === "/_deliver_to") {
      publicAddress = JSON.parse(body).url;
      return send(200, {});
    }
    const call = /^\/bot([^/]+)\/(\w+)/.exec(request.url);
    const form = call ? Object.fromEntries(new URLSearchParams(body)) : {};
    if (call && ours[call[2]]) return send(200, { ok: true, result: ours[call[2]](call[1], form) });
    const answer = await fetch(`http://127.0.0.1:${innerPort}${request.url}`, {
      method: "POST",
      body,
      headers: { "Content-Type": request.headers["content-type"] ?? "application/json" },
    });
    const value = await answer.json();
    if (!call) return send(answer.status, value);
    if (!value.ok) return send(value.error_code ?? 404, { ok: false, error_code: 404, description: "Not Found" });
    return send(200, { ok: true, result: corrected(call[2], value.result, form) });
  })
  .listen(port, "127.0.0.1", () => inner.start());
