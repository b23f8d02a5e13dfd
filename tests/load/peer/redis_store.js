// The peer's store in Redis: each thing is one key that lives as long as the thing, and a grant knows what it issued.
// Order of calls: the provider makes one store for each kind of thing, all on one connection.
import { Redis } from "ioredis";

const OF_A_GRANT = new Set(["AccessToken", "AuthorizationCode", "RefreshToken", "DeviceCode", "BackchannelAuthenticationRequest"]);

export function storesIn(url) {
  const redis = new Redis(url, { enableAutoPipelining: true });

  return class {
    constructor(kind) {
      this.kind = kind;
    }

    key(id) {
      return `${this.kind}:${id}`;
    }

    async upsert(id, thing, seconds) {
      const key = this.key(id);
      const lives = seconds ? ["EX", seconds] : [];
      const all = redis.multi().set(key, JSON.stringify(thing), ...lives);
      if (OF_A_GRANT.has(this.kind) && thing.grantId) {
        all.sadd(`issued:${thing.grantId}`, key);
        all.expire(`issued:${thing.grantId}`, seconds, "NX");
        all.expire(`issued:${thing.grantId}`, seconds, "GT");
      }
      if (thing.uid) all.set(`uid:${thing.uid}`, id, ...lives);
      if (thing.userCode) all.set(`user-code:${thing.userCode}`, id, ...lives);
      await all.exec();
    }

    async find(id) {
      const kept = await redis.get(this.key(id));
      return kept ? JSON.parse(kept) : undefined;
    }

    async findByUid(uid) {
      const id = await redis.get(`uid:${uid}`);
      return id ? this.find(id) : undefined;
    }

    async findByUserCode(userCode) {
      const id = await redis.get(`user-code:${userCode}`);
      return id ? this.find(id) : undefined;
    }

    async consume(id) {
      const thing = await this.find(id);
      if (thing) {
        const consumed = { ...thing, consumed: Math.floor(Date.now() / 1000) };
        await redis.set(this.key(id), JSON.stringify(consumed), "KEEPTTL");
      }
    }

    async destroy(id) {
      await redis.del(this.key(id));
    }

    async revokeByGrantId(grantId) {
      const issued = await redis.smembers(`issued:${grantId}`);
      await redis.del(`issued:${grantId}`, ...issued);
    }
  };
}
