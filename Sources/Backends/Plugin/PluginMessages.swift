internal import Domain
internal import IPC

/// The members of an object that a plug-in sent, taken with care.
struct PluginMembers {
    let value: JSONValue
    /// What the object answers, for a fault's words.
    let method: String

    func text(_ name: String) throws(PluginFault) -> String {
        guard let text = try optionalText(name), !text.isEmpty else { throw missing(name, "a text") }
        return text
    }

    func optionalText(_ name: String) throws(PluginFault) -> String? {
        switch value[name] {
        case nil, .null: return nil
        case .string(let text): return Self.oneLine(text)
        default: throw missing(name, "a text")
        }
    }

    func flag(_ name: String) throws(PluginFault) -> Bool? {
        switch value[name] {
        case nil, .null: return nil
        case .bool(let flag): return flag
        default: throw missing(name, "true or false")
        }
    }

    func whole(_ name: String, _ range: ClosedRange<Int>) throws(PluginFault) -> Int? {
        switch value[name] {
        case nil, .null: return nil
        case .integer(let number) where range.contains(number): return number
        default: throw missing(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// A number that is not negative.
    func number(_ name: String) throws(PluginFault) -> Double? {
        switch value[name] {
        case nil, .null: return nil
        case .integer(let number) where number >= 0: return Double(number)
        case .real(let number) where number.isFinite && number >= 0: return number
        default: throw missing(name, "a number")
        }
    }

    private func missing(_ name: String, _ kind: String) -> PluginFault {
        .wrongAnswer(method: method, why: "\(name) must be \(kind)")
    }

    /// What will stand in logs, pages and files.
    private static func oneLine(_ text: String) -> String {
        let harmless = String.UnicodeScalarView(
            text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 })
        return String(String(harmless).prefix(500))
    }
}

/// The answer to `describe`.
struct PluginDescription: Equatable {
    var name: String
    var version: String
    var model: String
    var licence: String?
    var nonCommercial: Bool
    var batchMax: Int
    var continues: Bool
    var repeatable: Bool
    var realTimeFactor: Double?

    static let parameters = JSONValue.object(["protocol": .integer(1)])

    /// Said once, to the operator: what it is and what its licence asks.
    var introduction: String {
        let terms = licence.map { ", licence \($0)" } ?? ", no licence conditions"
        return "\(name) \(version) plays \(model)\(terms)"
            + (nonCommercial ? "; a channel that earns money may not use it" : "")
    }

    init(_ answer: JSONValue) throws(PluginFault) {
        let members = PluginMembers(value: answer, method: "describe")
        guard let version = try members.whole("protocol", 0...Int.max) else {
            throw .wrongAnswer(method: "describe", why: "protocol must be 1")
        }
        guard version == 1 else { throw .otherProtocol(version: version) }
        name = try members.text("name")
        self.version = try members.text("version")
        model = try members.text("model")
        licence = try members.optionalText("licence")
        nonCommercial = try members.flag("non_commercial") ?? false
        batchMax = try members.whole("batch_max", 1...1024) ?? 1
        continues = try members.flag("continues") ?? false
        repeatable = try members.flag("repeatable") ?? false
        realTimeFactor = try members.number("real_time_factor")
    }
}

/// `load`.
enum PluginLoad {
    static func parameters(directory: String, threads: Int?, memoryBytesMax: Int?) -> JSONValue {
        var members: [String: JSONValue] = ["directory": .string(directory)]
        if let threads { members["threads"] = .integer(threads) }
        if let memoryBytesMax { members["memory_bytes_max"] = .integer(memoryBytesMax) }
        return .object(members)
    }

    /// The batch it renders on this machine, where it says so.
    static func batchMax(_ answer: JSONValue) throws(PluginFault) -> Int? {
        try PluginMembers(value: answer, method: "load").whole("batch_max", 1...1024)
    }
}

/// `generate`: the batch, with a name for each item, and what comes of it.
struct PluginBatch {
    let directory: String
    /// By item, in the requests' order.
    let ids: [String]
    let parameters: JSONValue
    private let requests: [TrackRequest]

    init(_ requests: [TrackRequest], directory: String) {
        self.requests = requests
        self.directory = directory
        let numbers = Set(requests.map(\.number))
        let ids = requests.enumerated().map { place, request in
            numbers.count == requests.count ? "\(request.number)" : "\(request.number)-\(place)"
        }
        self.ids = ids
        let items = zip(requests, ids).map { request, id in
            JSONValue.object([
                "id": .string(id),
                "prompt": .object([
                    "index": .integer(request.prompt.index), "name": .string(request.prompt.name),
                    "text": .string(request.prompt.text),
                ]),
                "seconds": Int(exactly: request.seconds).map { .integer($0) } ?? .real(request.seconds),
                "seed": .string(String(request.trackSeed)), "turn": .string(String(request.turn)),
                "position": .integer(request.positionInPrompt),
                "continues": .array(request.continues.map { .integer($0) }),
            ])
        }
        parameters = .object(["directory": .string(directory), "items": .array(items)])
    }

    /// One `track` notification.
    struct Track {
        var place: Int
        var file: String
        var title: String?
        var renderSeconds: Double
        var continued: Int?
    }

    func track(_ parameters: JSONValue) throws(PluginFault) -> Track {
        let members = PluginMembers(value: parameters, method: "generate")
        let id = try members.text("id")
        guard let place = ids.firstIndex(of: id) else {
            throw .wrongAnswer(method: "generate", why: "it handed over a track '\(id)' that nobody asked for")
        }
        let name = try members.text("file")
        return Track(
            place: place, file: try PluginFile.check(name, in: directory), title: try members.optionalText("title"),
            renderSeconds: try members.number("render_seconds") ?? 0,
            continued: try members.whole("continued", 0...Int.max))
    }

    /// The items that the answer says have failed, and why.
    func failures(_ answer: JSONValue) throws(PluginFault) -> [(place: Int, why: String)] {
        guard let entries = answer["failed"], entries != .null else { return [] }
        guard case .array(let failed) = entries else {
            throw .wrongAnswer(method: "generate", why: "failed must be a list")
        }
        var found: [(place: Int, why: String)] = []
        for entry in failed {
            let members = PluginMembers(value: entry, method: "generate")
            let id = try members.text("id")
            guard let place = ids.firstIndex(of: id) else {
                throw .wrongAnswer(method: "generate", why: "failed names '\(id)', which nobody asked for")
            }
            found.append((place, try members.optionalText("why") ?? "it gave no reason"))
        }
        return found
    }
}
