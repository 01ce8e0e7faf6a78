// Second opinions of Twilio's own JavaScript on lines of JSON: a signature, or the segments of a text.
"use strict";
const readline = require("node:readline");
const { SegmentedMessage } = require("sms-segments-calculator");
const { validateRequest } = require("twilio");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  const answer =
    "text" in asked
      ? new SegmentedMessage(asked.text).segmentsCount
      : validateRequest(asked.token, asked.signature, asked.url, asked.params);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
