import { LivePlayer } from './player.js';

const $ = (id) => document.getElementById(id);
const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const make = (tag, className, text = '') => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};

// ---- words and figures

const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const text = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return text.replace(/^00:/, '').replace(/^0(?=\d)/, '');
};
const span = (seconds) => {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
};
const size = (bytes) => {
  let step = 0;
  for (; bytes >= 999.5 && step < 5; step += 1) bytes /= 1000;
  return `${bytes < 10 && step ? bytes.toFixed(1) : Math.round(bytes)} ${['B', 'kB', 'MB', 'GB', 'TB', 'PB'][step]}`;
};
const rate = (bits) => (bits >= 1e6 ? `${(bits / 1e6).toFixed(2)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`);
const number = (value) => value.toLocaleString('en');
const hours = (value) => (value >= 100 ? number(Math.round(value)) : value.toFixed(1).replace(/\.0$/, ''));
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const sources = {
  buffer: 'from the Buffer',
  evergreen: 'played before, and again because the Buffer is empty',
  fallback: 'composed this minute because the Buffer is empty',
  pad: 'a quiet pad, until there is music again',
};
const tones = {
  running: 'good', sending: 'good', HEALTHY: 'good',
  starting: 'fair', connecting: 'fair', stopping: 'fair', WARNING: 'fair', waiting: 'fair',
  stalled: 'bad', 'backing-off': 'bad', CRITICAL: 'poor', EMERGENCY: 'bad', DEPLETED: 'bad', quarantined: 'bad',
};
const forecastTones = { steady: 'good', fills: 'good', empties: 'poor', 'never-ahead': 'bad' };

// ---- lists: elements stay and only their text changes, so that nothing flickers

function list(container, items, build) {
  while (container.children.length > items.length) container.lastElementChild.remove();
  items.forEach((item, index) => {
    let row = container.children[index];
    if (!row) {
      row = build.row();
      container.append(row);
    }
    build.fill(row, item);
  });
}
const part = (row, name) => row.querySelector(`[data-part="${name}"]`);
const fill = (row, name, text) => {
  const element = part(row, name);
  put(element, text);
  element.hidden = text === '';
};
const parts = (row, names, tag = 'span') => {
  for (const name of names) {
    const element = make(tag, name);
    element.dataset.part = name;
    row.append(element);
  }
  return row;
};
const bar = (id, fraction, words) => {
  const percent = Math.min(100, Math.max(0, fraction * 100));
  const element = $(id);
  element.setAttribute('aria-valuenow', String(Math.round(percent)));
  element.setAttribute('aria-valuetext', words);
  element.firstElementChild.style.transform = `scaleX(${percent / 100})`;
};

const upcoming = {
  row: () => parts(make('li'), ['title', 'meta']),
  fill(row, track) {
    fill(row, 'title', track.title);
    fill(row, 'meta', `#${track.number} · ${clock(track.seconds)}`);
  },
};
const destination = {
  row: () => parts(make('li'), ['name', 'state', 'figures', 'trouble']),
  fill(row, to) {
    fill(row, 'name', to.name);
    fill(row, 'state', to.state);
    part(row, 'state').dataset.tone = tones[to.state] ?? 'none';
    const figures = [to.state === 'sending' ? rate(to.bits_per_second) : '', `${size(to.sent_bytes)} sent`,
      to.reconnects ? `${number(to.reconnects)} reconnect${to.reconnects === 1 ? '' : 's'}` : ''];
    fill(row, 'figures', figures.filter(Boolean).join(' · '));
    fill(row, 'trouble', to.trouble ?? '');
  },
};
const columns = ['name', 'state', 'activity', 'pid', 'cpu', 'memory', 'uptime', 'restarts', 'exit'];
const worker = {
  row() {
    const row = make('tr');
    row.setAttribute('role', 'row');
    for (const name of columns) {
      const cell = make(name === 'name' ? 'th' : 'td', name);
      cell.setAttribute('role', name === 'name' ? 'rowheader' : 'cell');
      if (name === 'name') cell.scope = 'row';
      cell.dataset.label = $('columns').children[columns.indexOf(name)].textContent;
      row.append(parts(cell, [name]));
    }
    return row;
  },
  fill(row, is) {
    const put = (name, text) => {
      fill(row, name, text);
      part(row, name).parentElement.classList.toggle('empty', text === '');
    };
    put('name', is.name);
    put('state', is.state);
    part(row, 'state').dataset.tone = tones[is.state] ?? 'none';
    put('activity', is.activity ?? '');
    put('pid', is.pid == null ? '' : String(is.pid));
    put('cpu', is.cpu_percent == null ? '' : `${is.cpu_percent.toFixed(1)} %`);
    put('memory', is.resident_bytes == null ? '' : size(is.resident_bytes));
    put('uptime', is.uptime_seconds == null ? '' : span(is.uptime_seconds));
    put('restarts', number(is.restarts));
    put('exit', is.last_exit ?? '');
  },
};

// ---- the Buffer's bands: depleted, emergency, critical, warning, healthy

const edges = document.body.dataset.bands.split(',').map(Number);
const names = ['depleted', 'emergency', 'critical', 'warning', 'healthy'];
function drawBands(full) {
  const stops = [0, ...edges, full];
  list($('bands'), names, {
    row: () => make('i'),
    fill(element, name) {
      const index = names.indexOf(name);
      element.className = name;
      element.style.flexGrow = String(Math.max(0, Math.min(full, stops[index + 1]) - stops[index]));
    },
  });
  list($('ticks'), edges.filter((edge) => edge < full), {
    row: () => make('span'),
    fill(element, edge) {
      put(element, String(edge));
      element.style.left = `${(edge / full) * 100}%`;
    },
  });
}

// ---- one status on the page

function show(status) {
  light(status.on_air ? 'on' : 'off', status.on_air ? 'On air' : 'Off air', status.sentence);
  showNow(status.now_playing);
  list($('next'), status.up_next, upcoming);
  $('next-none').hidden = status.up_next.length > 0;
  showBuffer(status.buffer, status.forecast);
  showGenerator(status.generation);
  list($('destinations'), status.destinations, destination);
  $('destinations-none').hidden = status.destinations.length > 0;
  list($('workers'), status.workers, worker);
  put($('about'), `lofisup ${status.version} · ${status.mode} · up ${span(status.uptime_seconds)}`);
}

function showNow(now) {
  put($('title'), now ? (now.between_prompts ? 'A breath between two moods' : now.title) : 'Nothing yet');
  const facts = now ? [
    now.number == null ? '' : `Track ${now.number}`, now.prompt_index == null ? '' : `prompt ${now.prompt_index}`,
    sources[now.source] ?? now.source] : ['The feeder has not said what it plays'];
  put($('facts'), capital(facts.filter(Boolean).join(' · ')));
  $('elapsed').hidden = !now;
  if (!now) return;
  const elapsed = Math.min(now.elapsed_seconds, now.seconds);
  put($('elapsed-now'), clock(elapsed));
  put($('elapsed-all'), clock(now.seconds));
  bar('elapsed-bar', now.seconds > 0 ? elapsed / now.seconds : 0, `${clock(elapsed)} of ${clock(now.seconds)}`);
  document.title = `${now.title} · lofisup`;
  if ('mediaSession' in navigator && navigator.mediaSession.metadata?.title !== now.title) {
    navigator.mediaSession.metadata = new MediaMetadata({ title: now.title, artist: 'lofisup' });
  }
}

function showBuffer(buffer, forecast) {
  $('buffer').classList.toggle('none', !buffer);
  if (!buffer) return;
  const full = Math.max(buffer.target_hours, buffer.hours, edges.at(-1) * 1.2);
  drawBands(full);
  put($('hours'), hours(buffer.hours));
  put($('health'), buffer.health.toLowerCase());
  $('health').dataset.tone = tones[buffer.health] ?? 'none';
  $('needle').style.left = `${Math.min(1, buffer.hours / full) * 100}%`;
  put($('buffer-facts'), `${number(buffer.ready_tracks)} tracks ready · aiming for ${hours(buffer.target_hours)} h · `
    + `${size(buffer.disk_free_bytes)} of disk free`);
  put($('forecast'), forecast ? capital([forecast.sentence, forecast.advice].filter(Boolean).join('; ')) : '');
  $('forecast').dataset.tone = forecastTones[forecast?.kind] ?? 'none';
  put($('notice'), buffer.notice ?? '');
}

function showGenerator(generation) {
  $('generator').classList.toggle('none', !generation);
  if (!generation) return;
  put($('backend'), generation.backend);
  put($('activity'), generation.activity);
  $('progress-bar').classList.toggle('idle', generation.progress == null);
  bar('progress-bar', generation.progress ?? 0, generation.progress == null
    ? 'nothing is being composed' : `${Math.round(generation.progress * 100)} % of a track`);
  put($('speed'), generation.real_time_factor == null ? '–' : `${generation.real_time_factor.toFixed(1)}×`);
  put($('made'), number(generation.tracks_made));
  put($('refused'), number(generation.tracks_refused));
}

function light(state, word, sentence) {
  document.body.dataset.light = state;
  put($('light'), word);
  put($('sentence'), sentence);
}

// ---- events: EventSource comes back by itself from most troubles, the rest is done here

const quietSecondsMax = 5;
let events = null;
let heardAt = performance.now();
let freshAt = null;

function connect() {
  events?.close();
  heardAt = performance.now();
  events = new EventSource('/api/v1/events');
  events.addEventListener('status', (event) => {
    heardAt = performance.now();
    freshAt = new Date();
    document.body.classList.remove('stale');
    show(JSON.parse(event.data));
  });
  events.addEventListener('away', () => {
    heardAt = performance.now();
    stale('The supervisor does not answer', 'No answer');
  });
  events.addEventListener('error', () => stale('Connection lost, retrying', 'Lost'));
}

function stale(why, word) {
  document.body.classList.add('stale');
  const since = freshAt ? ` The figures below are from ${freshAt.toLocaleTimeString()}.` : '';
  light('lost', word, `${why}.${since}`);
}

setInterval(() => {
  const quiet = (performance.now() - heardAt) / 1000;
  if (quiet < quietSecondsMax && events.readyState !== EventSource.CLOSED) return;
  stale('Connection lost, retrying', 'Lost');
  if (quiet > quietSecondsMax) connect();
}, 1000);
connect();

// ---- listening

const says = {
  idle: 'Press Listen to tune in.',
  tuning: 'Tuning in…',
  playing: 'Playing live.',
  waiting: 'Waiting for more of the stream…',
  absent: 'There is no stream yet; trying again.',
  retrying: 'Lost the stream; trying again.',
  blocked: 'The browser wants another click before it plays sound.',
  unsupported: 'This browser cannot play H.264 and AAC; try another one.',
};
const video = $('video');
const player = new LivePlayer(video, '/hls/live.m3u8', (state) => {
  document.body.dataset.player = state;
  put($('player-state'), says[state]);
});
// Each of the two buttons hides when it has been pressed; the keyboard's place moves to the other.
$('listen').addEventListener('click', () => {
  player.start();
  $('stop').focus();
});
$('stop').addEventListener('click', () => {
  player.stop();
  showBehind();
  $('listen').focus();
});
const showBehind = () => put($('behind'), player.behind > 0.5 ? `${Math.round(player.behind)} s behind` : '');
setInterval(showBehind, 1000);

const remembered = (key, otherwise) => {
  try {
    return localStorage.getItem(key) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Private windows may refuse; the volume is then this visit's.
  }
};
function showVolume() {
  const muted = video.muted || video.volume === 0;
  $('mute').setAttribute('aria-pressed', String(muted));
  $('mute').setAttribute('aria-label', muted ? 'Unmute' : 'Mute');
  $('volume').value = String(Math.round(video.volume * 100));
  $('volume').setAttribute('aria-valuetext', `${Math.round(video.volume * 100)} %${muted ? ', muted' : ''}`);
}
video.volume = Math.min(1, Math.max(0, Number(remembered('volume', '0.8')) || 0));
video.muted = remembered('muted', 'false') === 'true';
video.addEventListener('volumechange', () => {
  remember('volume', String(video.volume));
  remember('muted', String(video.muted));
  showVolume();
});
$('volume').addEventListener('input', () => {
  video.volume = Number($('volume').value) / 100;
  video.muted = false;
});
$('mute').addEventListener('click', () => {
  video.muted = !video.muted;
});
showVolume();

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, button')) return;
  if (event.key === ' ') (player.running ? player.stop() : player.start());
  else if (event.key === 'm') video.muted = !video.muted;
  else return;
  event.preventDefault();
});
if ('mediaSession' in navigator) {
  navigator.mediaSession.setActionHandler('play', () => player.start());
  navigator.mediaSession.setActionHandler('pause', () => player.stop());
  navigator.mediaSession.setActionHandler('stop', () => player.stop());
}
