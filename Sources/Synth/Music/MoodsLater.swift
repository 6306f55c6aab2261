/// Prompts 4 to 9.
extension Mood {
    static let chaiStall = Mood(
        name: "Chai stall afternoon", words: ["chai", "tea", "stall", "afternoon", "street", "santoor"],
        raga: .bhimpalasi, saHertz: 261.63, taal: .keherwa, groove: .chai, beatsPerMinute: 84, swing: 0.58,
        pluck: .sarod, lead: .santoor, answer: .keys, range: -2...17, density: 0.6,
        seats: [
            .tanpura: Seat(level: 0.18, pan: -0.3, room: 0.2), .santoor: Seat(level: 0.4, pan: 0.2, room: 0.25),
            .keys: Seat(level: 0.42, pan: -0.15, room: 0.2), .bass: Seat(level: 0.48, room: 0),
            .tabla: Seat(level: 0.36, pan: 0.25, room: 0.12), .drums: Seat(level: 0.52, room: 0.05),
        ],
        ambience: AmbienceRecipe(
            layers: [
                .init(hertz: 420, q: 0.8, level: 0.014, swellsPerSecond: 0.5, swell: 0.5),
                .init(hertz: 900, q: 1.2, level: 0.006, swellsPerSecond: 0.9, swell: 0.7),
            ], dropsPerSecond: 1.2, dropLevel: 0.025, dropHertz: 2_300...4_200, cracklesPerSecond: 3,
            crackleLevel: 0.03),
        padHertz: 900, roomSeconds: 1.2, wow: 0.6, drive: 0.6, topHertz: 7_600, gain: 0.78)

    static let desertNight = Mood(
        name: "Rajasthani desert night",
        words: ["rajasthani", "rajasthan", "desert", "dunes", "sarod", "mand", "maand"],
        raga: .mand, saHertz: 246.94, taal: .dadra, groove: .dadra, beatsPerMinute: 78, swing: 0.55,
        pluck: .sarod, lead: .string, answer: .bansuri, range: -7...14, density: 0.5,
        seats: [
            .tanpura: Seat(level: 0.3, pan: -0.2, room: 0.3), .string: Seat(level: 1.0, pan: 0.12, room: 0.35),
            .bansuri: Seat(level: 0.28, pan: -0.3, room: 0.55), .keys: Seat(level: 0.22, pan: -0.1, room: 0.3),
            .bass: Seat(level: 0.35, room: 0), .pad: Seat(level: 0.08, room: 0.4),
            .tabla: Seat(level: 0.42, pan: 0.2, room: 0.2), .drums: Seat(level: 0.36, room: 0.06),
        ],
        ambience: AmbienceRecipe(
            layers: [.init(hertz: 380, q: 1.1, level: 0.014, swellsPerSecond: 0.15, swell: 0.7)],
            cricketLevel: 0.004),
        padHertz: 800, roomSeconds: 2.4, wow: 0.4, drive: 0.5, topHertz: 7_000, gain: 0.93)

    static let temple = Mood(
        name: "Temple bells and soft drone", words: ["temple", "bell", "bells", "drone", "meditation", "mandir"],
        raga: .hamsadhwani, saHertz: 261.63, taal: .jhaptal, groove: .temple, beatsPerMinute: 60, swing: 0.5,
        pluck: .sarod, lead: .bell, answer: .bansuri, range: -1...14, density: 0.2,
        seats: [
            .tanpura: Seat(level: 0.5, pan: -0.1, room: 0.3), .bell: Seat(level: 0.3, pan: 0.15, room: 0.5),
            .bansuri: Seat(level: 0.26, pan: -0.2, room: 0.7), .keys: Seat(level: 0.22, pan: 0.1, room: 0.4),
            .bass: Seat(level: 0.34, room: 0), .pad: Seat(level: 0.2, room: 0.4),
            .tabla: Seat(level: 0.2, pan: 0.2, room: 0.35), .drums: Seat(level: 0.32, room: 0.1),
        ],
        ambience: AmbienceRecipe(
            layers: [.init(hertz: 600, q: 0.4, level: 0.01, swellsPerSecond: 0.1, swell: 0.4)]),
        padHertz: 650, roomSeconds: 3.6, wow: 0.2, drive: 0.3, topHertz: 6_800, gain: 0.85)

    static let oldBollywood = Mood(
        name: "Old Bollywood vinyl", words: ["bollywood", "vinyl", "film", "filmi", "retro", "strings", "cinema"],
        raga: .kirwani, saHertz: 220, taal: .keherwa, groove: .keherwa, beatsPerMinute: 80, swing: 0.57,
        pluck: .sitar, lead: .keys, answer: .string, range: -2...15, density: 0.5,
        seats: [
            .tanpura: Seat(level: 0.14, pan: -0.3, room: 0.2), .string: Seat(level: 0.7, pan: 0.25, room: 0.3),
            .keys: Seat(level: 0.44, pan: -0.12, room: 0.25), .bass: Seat(level: 0.46, room: 0),
            .pad: Seat(level: 0.34, room: 0.4), .tabla: Seat(level: 0.34, pan: 0.2, room: 0.15),
            .drums: Seat(level: 0.48, room: 0.05),
        ],
        ambience: AmbienceRecipe(
            layers: [.init(hertz: 2_400, q: 0.25, level: 0.006), .init(hertz: 90, q: 0.7, level: 0.008)],
            cracklesPerSecond: 16, crackleLevel: 0.075),
        padHertz: 1_500, roomSeconds: 1.7, wow: 1, drive: 1, topHertz: 5_600, gain: 0.86)

    static let himalaya = Mood(
        name: "Himalayan morning",
        words: ["himalayan", "himalaya", "himalayas", "mountain", "mountains", "snow", "wind"],
        raga: .pahadi, saHertz: 293.66, taal: .ektal, groove: .ektal, beatsPerMinute: 66, swing: 0.52,
        pluck: .sarod, lead: .santoor, answer: .bansuri, range: -5...16, density: 0.45,
        seats: [
            .tanpura: Seat(level: 0.34, pan: -0.2, room: 0.3), .santoor: Seat(level: 0.42, pan: 0.15, room: 0.45),
            .bansuri: Seat(level: 0.3, pan: -0.25, room: 0.6), .keys: Seat(level: 0.22, pan: 0.1, room: 0.3),
            .bass: Seat(level: 0.38, room: 0), .pad: Seat(level: 0.14, room: 0.4),
            .tabla: Seat(level: 0.24, pan: 0.2, room: 0.25), .drums: Seat(level: 0.36, room: 0.08),
        ],
        ambience: AmbienceRecipe(
            layers: [
                .init(hertz: 520, q: 1.4, level: 0.024, swellsPerSecond: 0.16, swell: 0.75),
                .init(hertz: 1_250, q: 1.8, level: 0.007, swellsPerSecond: 0.22, swell: 0.85),
            ]),
        padHertz: 850, roomSeconds: 2.8, wow: 0.3, drive: 0.35, topHertz: 7_800, gain: 0.93)

    static let nightTrain = Mood(
        name: "Midnight train to Jaipur", words: ["train", "jaipur", "midnight", "railway", "journey"],
        raga: .bageshri, saHertz: 277.18, taal: .teental, groove: .train, beatsPerMinute: 88, swing: 0.54,
        pluck: .sitar, lead: .string, answer: .bansuri, range: -7...14, density: 0.6,
        seats: [
            .tanpura: Seat(level: 0.22, pan: -0.25, room: 0.2), .string: Seat(level: 0.9, pan: 0.12, room: 0.25),
            .bansuri: Seat(level: 0.26, pan: -0.25, room: 0.5), .keys: Seat(level: 0.36, pan: -0.1, room: 0.2),
            .bass: Seat(level: 0.46, room: 0), .pad: Seat(level: 0.08, room: 0.3),
            .tabla: Seat(level: 0.32, pan: 0.22, room: 0.15), .drums: Seat(level: 0.5, room: 0.06),
        ],
        ambience: AmbienceRecipe(
            layers: [
                .init(hertz: 95, q: 0.8, level: 0.05, swellsPerSecond: 0.3, swell: 0.3),
                .init(hertz: 700, q: 0.5, level: 0.01, swellsPerSecond: 0.2, swell: 0.3),
            ], cracklesPerSecond: 2, crackleLevel: 0.03),
        padHertz: 800, roomSeconds: 1.6, wow: 0.5, drive: 0.6, topHertz: 7_000, gain: 0.85)
}
