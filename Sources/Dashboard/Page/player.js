// Plays the station's live HLS (fragmented MP4) through Media Source Extensions, and comes back from whatever breaks.
import { readInit, startSeconds } from './fmp4.js';

const behindSeconds = 6; // where playing begins, counted back from the newest segment
const behindSecondsMax = 16; // farther behind than this, it jumps
const cushionSeconds = 4; // after it ran dry, it waits for this much, lest it stutters from one segment to the next
const keptSeconds = 30; // played sound and picture that stay in memory

const Source = window.MediaSource || window.ManagedMediaSource;

/** Waits for the first of some events, `[target, name]` each; answers with its name. */
function firstOf(...events) {
  const listening = new AbortController();
  return new Promise((done) => {
    for (const [target, name] of events) target.addEventListener(name, () => done(name), { signal: listening.signal });
  }).finally(() => listening.abort());
}

/** Waits so long, or until `signal` is aborted. */
function pause(milliseconds, signal) {
  const sleep = new EventTarget();
  const timer = setTimeout(() => sleep.dispatchEvent(new Event('end')), milliseconds);
  return firstOf([sleep, 'end'], [signal, 'abort']).finally(() => clearTimeout(timer));
}

/** An error that a listener is told of by name. */
class Trouble extends Error {
  constructor(name) {
    super(name);
    this.name = name;
  }
}

/** The segments of a media playlist, oldest first, each with its init file and the run of the encoder it is from. */
export function parsePlaylist(text, url) {
  const segments = [];
  const resolve = (name) => new URL(name, url).href;
  let number = 0, run = 0, map = null, seconds = 0;
  for (const line of text.split(/\r?\n/)) {
    const value = line.slice(line.indexOf(':') + 1);
    if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) number = Number(value);
    else if (line.startsWith('#EXT-X-DISCONTINUITY-SEQUENCE:')) run = Number(value);
    else if (line === '#EXT-X-DISCONTINUITY') run += 1;
    else if (line.startsWith('#EXT-X-MAP:')) map = resolve(/URI="([^"]*)"/.exec(value)?.[1] ?? '');
    else if (line.startsWith('#EXTINF:')) seconds = parseFloat(value) || 0;
    else if (line && !line.startsWith('#')) segments.push({ number: number++, uri: resolve(line), map, run, seconds });
  }
  return segments;
}

/** The number of the segment that begins `seconds` before the end, or the first there is. */
function newest(segments, seconds) {
  let index = segments.length;
  while (index > 0 && seconds > 0.5) seconds -= segments[--index].seconds;
  return segments[Math.min(index, segments.length - 1)].number;
}

export class LivePlayer {
  /** `onState(name)`: idle, tuning, playing, waiting, absent, retrying, blocked or unsupported. */
  constructor(video, url, onState) {
    this.video = video;
    this.url = new URL(url, location.href).href;
    this.onState = onState;
    this.life = null;
    video.addEventListener('playing', () => this.life && this.say('playing'));
    video.addEventListener('waiting', () => this.life && this.state === 'playing' && this.hold());
    // A headset that is unplugged or a media key pauses from outside: a live stream then stops.
    video.addEventListener('pause', () => this.life && video.paused && !this.holding && !video.error && this.stop());
    this.say('idle');
  }

  get running() {
    return this.life !== null;
  }

  /** Seconds between what is heard and the newest that is here. */
  get behind() {
    return this.running ? Math.max(0, this.bufferedEnd - this.video.currentTime) : 0;
  }

  /** Call from a click: browsers let sound begin only then. */
  start() {
    if (this.life) return;
    this.life = new AbortController();
    if (!Source) return this.startNatively();
    this.say('tuning');
    this.run(this.life.signal);
  }

  stop() {
    this.life?.abort();
    this.life = null;
    this.release();
    this.say('idle');
  }

  say(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  /** Ran dry: nothing sounds until there is a cushion again. */
  hold() {
    this.say('waiting');
    if (!this.buffer) return;
    this.holding = true;
    this.video.pause();
  }

  startNatively() {
    if (!this.video.canPlayType('application/vnd.apple.mpegurl')) {
      this.life = null;
      return this.say('unsupported');
    }
    this.say('tuning');
    this.video.src = this.url;
    this.play();
  }

  async run(signal) {
    let failures = 0;
    let opened = this.open();
    while (!signal.aborted) {
      try {
        await opened;
        await this.turn(signal);
        failures = 0;
        await pause(this.segmentsWaiting ? 100 : 900, signal);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (error.name === 'unsupported') {
          this.stop();
          return this.say('unsupported');
        }
        this.say(error.name === 'absent' ? 'absent' : 'retrying');
        await pause(Math.min(1000 * 2 ** (failures - 1), 8000), signal);
        // What is in memory plays on through a bad network; a broken element or buffer begins anew.
        if (!signal.aborted && (this.video.error || this.spoiled)) opened = this.open();
      }
    }
  }

  /** A new media source in the element. */
  open() {
    this.release();
    this.next = null;
    this.map = null;
    this.segmentsWaiting = false;
    this.source = new Source();
    this.video.disableRemotePlayback = true;
    this.address = URL.createObjectURL(this.source);
    this.video.src = this.address;
    this.play();
    return firstOf([this.source, 'sourceopen']);
  }

  play() {
    this.video.play().catch((error) => {
      if (error.name !== 'NotAllowedError' || !this.life) return;
      this.stop();
      this.say('blocked');
    });
  }

  release() {
    if (this.address) {
      this.video.removeAttribute('src');
      this.video.load();
      URL.revokeObjectURL(this.address);
    }
    this.address = this.source = this.buffer = null;
    this.spoiled = this.holding = false;
  }

  /** Reads the playlist once and takes in what is new, a few segments at most. */
  async turn(signal) {
    if (this.video.error) throw new Trouble('decoding');
    const segments = parsePlaylist(await (await this.fetch(this.url, signal)).text(), this.url);
    if (!segments.length) throw new Trouble('absent');
    const { number: first } = segments[0];
    const { number: last } = segments.at(-1);
    const before = segments.find((segment) => segment.number === this.next - 1);
    const restarted = before && before.uri !== this.lastURI;
    if (this.next === null || this.next < first || this.next > last + 1 || restarted) {
      this.next = newest(segments, behindSeconds);
    }
    const fresh = segments.filter((segment) => segment.number >= this.next);
    for (const segment of fresh.slice(0, 4)) await this.take(segment, signal);
    this.segmentsWaiting = fresh.length > 4;
    await this.tidy();
  }

  async take(segment, signal) {
    if (segment.map !== this.map) {
      const init = await (await this.fetch(segment.map, signal)).arrayBuffer();
      await this.prepare(init);
      this.map = segment.map;
    }
    // One that has gone meanwhile is left out, not waited for.
    this.next = segment.number + 1;
    this.lastURI = segment.uri;
    const bytes = await (await this.fetch(segment.uri, signal)).arrayBuffer();
    const start = startSeconds(bytes, this.scales);
    const end = this.bufferedEnd;
    // Whatever the reason for a jump in its clock (a restart, a segment missed), the music goes on where it was.
    if (segment.run !== this.runNumber || Math.abs(start + this.buffer.timestampOffset - end) > 0.25) {
      this.buffer.abort();
      this.buffer.timestampOffset = end - start;
    }
    this.runNumber = segment.run;
    await this.append(bytes);
  }

  async prepare(init) {
    const { mime, scales } = readInit(init);
    if (!Source.isTypeSupported(mime)) throw new Trouble('unsupported');
    if (!this.buffer) {
      this.buffer = this.source.addSourceBuffer(mime);
      this.source.duration = Infinity;
    } else if (mime !== this.mime) {
      this.buffer.changeType(mime);
    }
    this.mime = mime;
    this.scales = scales;
    this.runNumber = null;
    await this.append(init);
  }

  async append(bytes) {
    try {
      this.buffer.appendBuffer(bytes);
    } catch (error) {
      if (error.name !== 'QuotaExceededError') throw this.spoil();
      await this.forget(this.video.currentTime - 2);
      this.buffer.appendBuffer(bytes);
    }
    await this.settled();
  }

  /** Until the buffer has taken in what it was given. */
  async settled() {
    const buffer = this.buffer;
    const how = await firstOf([buffer, 'updateend'], [buffer, 'error'], [this.video, 'error']);
    if (how === 'error') throw this.spoil();
  }

  spoil() {
    this.spoiled = true;
    return new Trouble('decoding');
  }

  get bufferedEnd() {
    const ranges = this.buffer?.buffered;
    return ranges?.length ? ranges.end(ranges.length - 1) : 0;
  }

  /** Keeps the listener near the newest second, over any hole, and the memory small. */
  async tidy() {
    const { video, buffer } = this;
    const end = this.bufferedEnd;
    const holds = (time) => [...Array(buffer.buffered.length).keys()].some(
      (i) => buffer.buffered.start(i) <= time && time < buffer.buffered.end(i));
    if (end - video.currentTime > behindSecondsMax) {
      video.currentTime = end - behindSeconds;
    } else if (end - video.currentTime > 1 && !holds(video.currentTime)) {
      const starts = [...Array(buffer.buffered.length).keys()].map((i) => buffer.buffered.start(i));
      video.currentTime = (starts.find((start) => start > video.currentTime) ?? end - behindSeconds) + 0.01;
    }
    if (video.currentTime > 2 * keptSeconds && buffer.buffered.start(0) < video.currentTime - 2 * keptSeconds) {
      await this.forget(video.currentTime - keptSeconds);
    }
    if (this.holding && end - video.currentTime >= cushionSeconds) {
      this.holding = false;
      this.play();
    }
    if (!video.paused && video.readyState >= 3) this.say('playing');
    else if (this.state === 'retrying' || this.state === 'absent') this.say('waiting');
  }

  async forget(until) {
    if (until <= 0) return;
    this.buffer.remove(0, until);
    await this.settled();
  }

  async fetch(url, signal) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(8000)]);
    const answer = await fetch(url, { cache: 'no-store', signal: limit });
    if (!answer.ok) throw new Trouble(answer.status === 404 && url === this.url ? 'absent' : 'network');
    return answer;
  }
}
