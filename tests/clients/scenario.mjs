// masto.js drives a scenario against a live server and prints what it saw as one JSON object.
//
// Usage: node scenario.mjs URL, with a JSON object on standard input: {"token", "code", "clientId", "clientSecret",
// "redirectUri", "other": {"id", "username", "token"}, "picture": base64}. Or scenario.mjs URL --register.
import { readFileSync } from "node:fs";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";

const [url, mode] = process.argv.slice(2);

const say = (seen) => process.stdout.write(JSON.stringify(seen) + "\n");

const until = async (find, what) => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come`);
};

// The events of a subscription, from when it is confirmed to be open by a first event of our own making.
class Heard {
  constructor(subscription) {
    this.events = [];
    this.reading = (async () => {
      for await (const event of subscription) this.events.push(event);
    })();
  }

  next(kind, matches = () => true) {
    return until(() => this.events.find((event) => event.event === kind && matches(event.payload)), kind);
  }
}

const register = async () => {
  const masto = createRestAPIClient({ url });
  const app = await masto.v1.apps.create({
    clientName: "Script",
    redirectUris: "https://script.example/back",
    scopes: "read write follow push",
    website: "https://script.example",
  });
  say({ clientId: app.clientId, clientSecret: app.clientSecret });
};

const scenario = async (given) => {
  const seen = {};
  const oauth = createOAuthAPIClient({ url });
  const token = await oauth.token.create({
    grantType: "authorization_code",
    clientId: given.clientId,
    clientSecret: given.clientSecret,
    code: given.code,
    redirectUri: given.redirectUri,
    scope: "read write follow push",
  });
  const masto = createRestAPIClient({ url, accessToken: token.accessToken });
  const other = createRestAPIClient({ url, accessToken: given.other.token });
  const instance = await masto.v2.instance.fetch();
  seen.version = instance.version;
  const me = await masto.v1.accounts.verifyCredentials();
  seen.me = me.username;

  const streaming = createStreamingAPIClient({
    streamingApiUrl: instance.configuration.urls.streaming,
    accessToken: token.accessToken,
  });
  const home = new Heard(streaming.user.subscribe());
  const tagged = new Heard(streaming.hashtag.subscribe({ tag: "triangles" }));
  await masto.v1.accounts.$select(given.other.id).follow();
  // The socket is open when it says so; what it is subscribed to is known when a first event arrives.
  let knocked = 0;
  await until(async () => {
    if (home.events.length > 0 && tagged.events.length > 0) return true;
    if (knocked++ % 10 === 0) await other.v1.statuses.create({ status: "Knock #triangles" });
    return false;
  }, "the streams");

  const file = new Blob([Buffer.from(given.picture, "base64")], { type: "image/png" });
  const media = await other.v2.media.create({ file, description: "A triangle", focus: "0.2,-0.4" });
  seen.media = { url: media.url, description: media.description, focus: media.meta.focus };
  const first = await other.v1.statuses.create(
    { status: "Look at #triangles", mediaIds: [media.id], language: "en", visibility: "public" },
  );
  const update = await home.next("update", (status) => status.id === first.id);
  seen.update = update.payload.mediaAttachments[0].description;
  seen.hashtag = (await tagged.next("update", (status) => status.id === first.id)).stream;

  const asked = await other.v1.statuses.create({
    status: "How many sides?",
    poll: { options: ["Three", "More"], expiresIn: 3600, multiple: true },
  });
  const poll = await masto.v1.polls.$select(asked.poll.id).votes.create({ choices: [0, 1] });
  seen.poll = { votes: poll.votesCount, voters: poll.votersCount, own: poll.ownVotes };

  const reply = await masto.v1.statuses.create({ status: `@${given.other.username} three`, inReplyToId: asked.id });
  await masto.v1.statuses.$select(first.id).reblog();
  await masto.v1.statuses.$select(first.id).favourite();
  await masto.v1.statuses.$select(first.id).bookmark();
  const context = await masto.v1.statuses.$select(asked.id).context.fetch();
  seen.reply = context.descendants.map((status) => status.id).includes(reply.id);
  const types = await until(async () => {
    const found = (await other.v1.notifications.list()).map((one) => one.type);
    return ["mention", "reblog", "favourite"].every((type) => found.includes(type)) && found;
  }, "notifications");
  seen.notifications = [...new Set(types)].sort();

  await other.v1.statuses.create({ status: `@${me.username} hello`, visibility: "direct" });
  seen.notification = (await home.next("notification")).payload.type;

  const edited = await other.v1.statuses.$select(first.id).update({
    status: "Look at these #triangles",
    mediaIds: [media.id],
  });
  seen.edited = edited.editedAt !== null;
  await home.next("status.update", (status) => status.id === first.id);
  seen.bookmarks = (await masto.v1.bookmarks.list()).map((status) => status.id).includes(first.id);

  const pages = [];
  for await (const page of masto.v1.accounts.$select(given.other.id).statuses.list({ limit: 2 })) {
    pages.push(...page.map((status) => status.id));
  }
  seen.paged = pages.length === new Set(pages).size && pages.includes(first.id) && pages.includes(asked.id);
  const found = await masto.v2.search.list({ q: "triangles", type: "hashtags" });
  seen.search = found.hashtags.map((tag) => tag.name);

  await other.v1.statuses.$select(asked.id).remove();
  await home.next("delete", (id) => id === asked.id);
  const gone = await masto.v1.statuses.$select(asked.id).fetch().then(() => "there", (error) => error.statusCode);
  seen.gone = gone;
  streaming.close();
  say(seen);
  process.exit(0);
};

await (mode === "--register" ? register() : scenario(JSON.parse(readFileSync(0, "utf8"))));
