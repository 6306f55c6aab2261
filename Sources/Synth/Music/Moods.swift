/// The ten prompts, in the order of their indices.
extension Mood {
    static let all: [Mood] = [
        mumbaiBalcony, monsoonFlute, lateNightTabla, gangesDawn, chaiStall, desertNight, temple, oldBollywood,
        himalaya, nightTrain,
    ]

    static let mumbaiBalcony = Mood(
        name: "Rainy evening on a Mumbai balcony", words: ["rain", "rainy", "balcony", "mumbai", "evening"],
        raga: .desh, saHertz: 277.18, taal: .keherwa, groove: .keherwa, beatsPerMinute: 76, swing: 0.56,
        pluck: .sitar, lead: .string, answer: .keys, range: -7...14, density: 0.5,
        seats: [
            .tanpura: Seat(level: 0.3, pan: -0.25, room: 0.25), .string: Seat(level: 0.95, pan: 0.15, room: 0.3),
            .keys: Seat(level: 0.36, pan: -0.1, room: 0.25), .bass: Seat(level: 0.42, room: 0),
            .pad: Seat(level: 0.1, room: 0.3), .tabla: Seat(level: 0.34, pan: 0.2, room: 0.15),
            .drums: Seat(level: 0.5, room: 0.06),
        ],
        ambience: AmbienceRecipe(
            layers: [
                .init(hertz: 1_900, q: 0.35, level: 0.03, swellsPerSecond: 0.12, swell: 0.15),
                .init(hertz: 320, q: 0.5, level: 0.012, swellsPerSecond: 0.08, swell: 0.2),
            ], dropsPerSecond: 24, dropLevel: 0.05, cracklesPerSecond: 3, crackleLevel: 0.03),
        padHertz: 900, roomSeconds: 1.8, wow: 0.5, drive: 0.5, topHertz: 7_200, gain: 0.85)

    static let monsoonFlute = Mood(
        name: "Monsoon raga", words: ["monsoon", "bansuri", "flute", "megh", "malhar", "clouds"],
        raga: .megh, saHertz: 329.63, taal: .rupak, groove: .rupak, beatsPerMinute: 70, swing: 0.54,
        pluck: .sitar, lead: .bansuri, answer: .santoor, range: -5...14, density: 0.4,
        seats: [
            .tanpura: Seat(level: 0.32, pan: -0.2, room: 0.3), .bansuri: Seat(level: 0.4, pan: 0.1, room: 0.5),
            .santoor: Seat(level: 0.3, pan: -0.3, room: 0.4), .keys: Seat(level: 0.26, pan: 0.1, room: 0.3),
            .bass: Seat(level: 0.4, room: 0), .pad: Seat(level: 0.14, room: 0.4),
            .tabla: Seat(level: 0.34, pan: 0.2, room: 0.2), .drums: Seat(level: 0.4, room: 0.06),
        ],
        ambience: AmbienceRecipe(
            layers: [
                .init(hertz: 1_300, q: 0.3, level: 0.034, swellsPerSecond: 0.1, swell: 0.35),
                .init(hertz: 110, q: 0.7, level: 0.035, swellsPerSecond: 0.12, swell: 0.6),
            ], dropsPerSecond: 34, dropLevel: 0.045),
        padHertz: 800, roomSeconds: 2.6, wow: 0.4, drive: 0.4, topHertz: 7_000, gain: 0.82)

    static let lateNightTabla = Mood(
        name: "Late-night tabla lofi", words: ["tabla", "late", "night", "study", "beats"],
        raga: .malkauns, saHertz: 261.63, taal: .teental, groove: .lateNight, beatsPerMinute: 72, swing: 0.59,
        pluck: .sarod, lead: .keys, answer: .string, range: -7...12, density: 0.35,
        seats: [
            .tanpura: Seat(level: 0.24, pan: -0.3, room: 0.25), .string: Seat(level: 0.75, pan: 0.25, room: 0.3),
            .keys: Seat(level: 0.4, pan: -0.1, room: 0.25), .bass: Seat(level: 0.42, room: 0),
            .tabla: Seat(level: 0.6, pan: 0.12, room: 0.2), .drums: Seat(level: 0.5, room: 0.05),
        ],
        ambience: AmbienceRecipe(
            layers: [.init(hertz: 500, q: 0.3, level: 0.006)], cracklesPerSecond: 6, crackleLevel: 0.05),
        padHertz: 700, roomSeconds: 1.5, wow: 0.7, drive: 0.8, topHertz: 6_200, gain: 0.79)

    static let gangesDawn = Mood(
        name: "Dawn over the Ganges", words: ["dawn", "ganges", "ganga", "river", "bhairav", "sunrise", "tanpura"],
        raga: .bhairav, saHertz: 293.66, taal: .deepchandi, groove: .dawn, beatsPerMinute: 62, swing: 0.5,
        pluck: .sitar, lead: .bansuri, answer: .santoor, range: -5...13, density: 0.25,
        seats: [
            .tanpura: Seat(level: 0.55, pan: -0.1, room: 0.3), .bansuri: Seat(level: 0.42, pan: 0.1, room: 0.6),
            .santoor: Seat(level: 0.24, pan: -0.3, room: 0.5), .keys: Seat(level: 0.2, pan: 0.1, room: 0.4),
            .bass: Seat(level: 0.34, room: 0), .pad: Seat(level: 0.12, room: 0.5),
            .tabla: Seat(level: 0.26, pan: 0.2, room: 0.3), .drums: Seat(level: 0.36, room: 0.1),
        ],
        ambience: AmbienceRecipe(
            layers: [
                .init(hertz: 480, q: 0.5, level: 0.02, swellsPerSecond: 0.25, swell: 0.55),
                .init(hertz: 1_500, q: 0.6, level: 0.006, swellsPerSecond: 0.4, swell: 0.6),
            ], dropsPerSecond: 2.5, dropLevel: 0.03, dropHertz: 500...1_400),
        padHertz: 750, roomSeconds: 3.2, wow: 0.25, drive: 0.3, topHertz: 7_500, gain: 0.88)
}
