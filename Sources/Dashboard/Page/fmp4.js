// What a player must know of fragmented MP4: the codecs in an init segment, and when a media segment begins.

const parents = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf']);

/** Calls `visit(type, start, end)` for each box between `from` and `to`, parents before their children. */
function walk(view, from, to, visit) {
  while (from + 8 <= to) {
    let size = view.getUint32(from);
    let head = 8;
    if (size === 1 && from + 16 <= to) {
      size = Number(view.getBigUint64(from + 8));
      head = 16;
    } else if (size === 0) {
      size = to - from;
    }
    const end = from + size;
    if (size < head || end > to) throw new Error('a broken MP4 box');
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(from + i)));
    visit(type, from + head, end);
    if (parents.has(type)) walk(view, from + head, end, visit);
    // Sample descriptions: a counted list, whose video entries have 78 bytes before their boxes.
    if (type === 'stsd') walk(view, from + head + 8, end, visit);
    if (type === 'avc1' || type === 'avc3') walk(view, from + head + 78, end, visit);
    from = end;
  }
}

const hex = (byte) => byte.toString(16).padStart(2, '0');

/** The MIME type of an init segment, and each track's ticks a second by track number. */
export function readInit(buffer) {
  const view = new DataView(buffer);
  const codecs = [];
  const scales = new Map();
  let track = 0;
  let entry = 'avc1';
  walk(view, 0, view.byteLength, (type, start) => {
    const wide = view.byteLength > start && view.getUint8(start) === 1;
    if (type === 'tkhd') track = view.getUint32(start + (wide ? 20 : 12));
    if (type === 'mdhd') scales.set(track, view.getUint32(start + (wide ? 20 : 12)));
    if (type === 'avc1' || type === 'avc3') entry = type;
    if (type === 'avcC') codecs.push(entry + '.' + [1, 2, 3].map((i) => hex(view.getUint8(start + i))).join(''));
    if (type === 'mp4a') codecs.push('mp4a.40.2');
  });
  const video = codecs.some((codec) => codec.startsWith('avc'));
  return { mime: `${video ? 'video' : 'audio'}/mp4; codecs="${codecs.join(',')}"`, scales };
}

/** The earliest second a media segment speaks of, by its own clock. */
export function startSeconds(buffer, scales) {
  const view = new DataView(buffer);
  const seen = new Map();
  let track = 0;
  walk(view, 0, view.byteLength, (type, start) => {
    if (type === 'tfhd') track = view.getUint32(start + 4);
    if (type === 'tfdt' && !seen.has(track)) {
      const ticks = view.getUint8(start) === 1 ? Number(view.getBigUint64(start + 4)) : view.getUint32(start + 4);
      seen.set(track, ticks / (scales.get(track) || 1));
    }
  });
  if (!seen.size) throw new Error('a segment without a time');
  return Math.min(...seen.values());
}
