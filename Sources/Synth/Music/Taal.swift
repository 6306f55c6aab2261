/// A rhythmic cycle: its theka by matra. A matra is half a beat of the tempo; bols joined by "-" share one.
struct Taal: Sendable {
    let name: String
    let theka: [String]
    /// Matras that carry weight: sam first, then the claps.
    let accents: [Int]

    /// Beats of the tempo in a cycle.
    var beats: Double { Double(theka.count) / 2 }

    /// The strokes of one bol; a bol of both hands is two.
    static func strokes(_ bol: String) -> [Stroke] {
        switch bol {
        case "dha": [.na, .ge]
        case "dhin": [.tin, .ge]
        case "na", "ta": [.na]
        case "tin": [.tin]
        case "tu": [.tun]
        case "ge": [.ge]
        case "ka", "ki", "kat": [.ke]
        case "ti", "ra", "te": [.te]
        default: []
        }
    }

    static let keherwa = Taal(
        name: "Keherwa", theka: ["dha", "ge", "na", "ti", "na", "ka", "dhin", "na"], accents: [0, 4])
    static let dadra = Taal(name: "Dadra", theka: ["dha", "dhin", "na", "na", "tu", "na"], accents: [0])
    static let rupak = Taal(
        name: "Rupak", theka: ["tin", "tin", "na", "dhin", "na", "dhin", "na"], accents: [0, 3, 5])
    static let jhaptal = Taal(
        name: "Jhaptal", theka: ["dhin", "na", "dhin", "dhin", "na", "tin", "na", "dhin", "dhin", "na"],
        accents: [0, 2, 7])
    static let ektal = Taal(
        name: "Ektal",
        theka: [
            "dhin", "dhin", "dha-ge", "ti-ra-ki-ta", "tu", "na", "kat", "ta", "dha-ge", "ti-ra-ki-ta", "dhin", "na",
        ], accents: [0, 4, 8, 10])
    static let deepchandi = Taal(
        name: "Deepchandi",
        theka: ["dha", "dhin", "", "dha", "dha", "tin", "", "ta", "tin", "", "dha", "dha", "dhin", ""],
        accents: [0, 3, 10])
    static let teental = Taal(
        name: "Teental",
        theka: [
            "dha", "dhin", "dhin", "dha", "dha", "dhin", "dhin", "dha", "dha", "tin", "tin", "ta", "ta", "dhin", "dhin",
            "dha",
        ], accents: [0, 4, 12])
}

/// A drum pattern over one cycle, four steps to a beat; digits are loudness, anything else is a rest.
struct Groove: Sendable {
    let kick: String
    let snare: String
    let hat: String
    var rim = ""
    var rail = ""

    static let keherwa = Groove(
        kick: "9.....4.7...3...", snare: "....7.......8...", hat: "5.3.5.3.5.3.5.34")
    static let chai = Groove(
        kick: "9..4....7.3.....", snare: "....7.......7..3", hat: "5.454.354.354.45")
    static let rupak = Groove(kick: "8.....3.7.....", snare: "......6...6...", hat: "5.3.4.5.3.5.3.")
    static let lateNight = Groove(
        kick: "9.....3...6.....8..3..........4.", snare: "........7...............8......2",
        hat: "5.3.4.3.5.3.4.345.3.4.3.5.3.4.3.")
    static let dawn = Groove(
        kick: "6.............5.............", snare: "............................",
        hat: "3...2...2...2...3...2...2...", rim: "........4.............4.....")
    static let dadra = Groove(kick: "8.......4...", snare: "......6.....", hat: "5.3.4.3.4.3.")
    static let temple = Groove(
        kick: "6...........4.......", snare: "....................", hat: "2...2...2...2...2...")
    static let ektal = Groove(
        kick: "7.....3.....6...........", snare: "........................", hat: "4.2.3.2.3.2.4.2.3.2.3.2.",
        rim: "............5.......3...")
    static let train = Groove(
        kick: "9.....4...6...3.8.....4...7.....", snare: "........7...............8.....3.",
        hat: "4.244.244.244.244.244.244.244.24", rail: "7.6.....5.4.....7.6.....5.4.....")
}
