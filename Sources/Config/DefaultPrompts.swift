public import Domain

extension Prompt {
    /// The ten prompts a new station rotates through. Their order is part of the station's sound: the embedded synth
    /// has a setting of its own for each index.
    public static let stationDefaults: [Prompt] = [
        (
            "Rainy evening on a Mumbai balcony",
            "Indian lofi hip hop, solo sitar over soft rain and distant traffic, warm electric piano chords, dusty "
                + "boom bap drums with brushed snare, mellow sub bass, Raga Desh, nostalgic and calm, 72 bpm, "
                + "vinyl crackle, instrumental"
        ),
        (
            "Monsoon raga",
            "Indian lofi, breathy bansuri flute playing Raga Megh, slow tanpura drone, light tabla, heavy monsoon "
                + "rain and far thunder, airy pads, contemplative and cool, 66 bpm, tape hiss, instrumental"
        ),
        (
            "Late-night tabla",
            "Indian lofi beats led by close warm tabla, teental groove with loose swing, deep round bass, sparse "
                + "Rhodes electric piano, muted sitar answers, after midnight, focused and hypnotic, 80 bpm, lo-fi "
                + "tape saturation, instrumental"
        ),
        (
            "Dawn over the Ganges",
            "Ambient Indian lofi at sunrise, slow shimmering tanpura drone, long bansuri phrases in Raga Bhairav, "
                + "river water and faint birds, no drums at first then a soft heartbeat kick, serene and devotional, "
                + "60 bpm, instrumental"
        ),
        (
            "Chai stall afternoon",
            "Cheerful Indian lofi hip hop, bright santoor melody over jazzy electric piano, lazy shuffled drums, "
                + "upright bass, light street chatter and clinking glasses, Raga Bhimpalasi, sunny and unhurried, "
                + "84 bpm, vinyl crackle, instrumental"
        ),
        (
            "Rajasthani desert night",
            "Indian lofi, deep fretless sarod with long glides in Raga Maand, low drone, hand claps and dholak far "
                + "away, slow dusty beat, crackling fire and desert wind, wide starry reverb, lonesome and warm, "
                + "70 bpm, instrumental"
        ),
        (
            "Temple bells and soft drone",
            "Meditative Indian lofi, small temple bells and singing bowl over a soft harmonium and tanpura drone, "
                + "hushed pads, very light sub bass pulse, Raga Yaman, still and spacious, long reverb, 58 bpm, "
                + "tape warmth, instrumental"
        ),
        (
            "Old Bollywood vinyl",
            "Indian lofi hip hop in the colour of a 1960s Bollywood record, muted strings, mandolin and "
                + "vibraphone chords, swaying electric piano, chopped and slowed, dusty drums, warm bass, heavy "
                + "vinyl crackle and wow, romantic and wistful, 76 bpm, instrumental"
        ),
        (
            "Himalayan morning",
            "Clear Indian lofi, sparkling santoor arpeggios in Raga Pahadi, soft bansuri answers, gentle acoustic "
                + "guitar and airy pads, brushed drums, mountain wind and a far cowbell, hopeful and open, 68 bpm, "
                + "instrumental"
        ),
        (
            "Midnight train to Jaipur",
            "Indian lofi beats with the steady rhythm of a night train, rolling tabla and shaker, muted sitar "
                + "motif in Raga Darbari, deep bass, dim electric piano, wheels on rails and a distant horn, drowsy "
                + "and moving, 78 bpm, tape hiss, instrumental"
        ),
    ].enumerated().map { Prompt(index: $0.offset, name: $0.element.0, text: $0.element.1) }
}
