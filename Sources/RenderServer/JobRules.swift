internal import Backends
internal import Domain
internal import FoundationEssentials
internal import Platform

/// What a job may ask for.
enum JobRules {
    static let bodyBytesMax = 1 << 20
    static let itemsMax = 64
    static let secondsRange = 1.0...3600.0
    private static let textBytesMax = 16 << 10
    private static let nameBytesMax = 64
    private static let continuesMax = 64

    /// Why something is no job, as a sentence for whoever sent it.
    struct Objection: Error {
        let sentence: String
    }

    /// Names of jobs and items, which become names of files.
    static func isName(_ text: some StringProtocol) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    static func request(from body: Data) throws(Objection) -> RenderJobRequest {
        let request: RenderJobRequest
        do {
            request = try StationJSON.decode(RenderJobRequest.self, from: body)
        } catch let error as DecodingError {
            throw Objection(sentence: sentence(error))
        } catch {
            throw Objection(sentence: "the body is no job: \(error)")
        }
        guard (1...itemsMax).contains(request.items.count) else {
            throw Objection(sentence: "items: a job has 1 to \(itemsMax), this one has \(request.items.count)")
        }
        for (place, item) in request.items.enumerated() {
            if let fault = fault(of: item) { throw Objection(sentence: "items[\(place)].\(fault)") }
        }
        guard Set(request.items.map(\.id)).count == request.items.count else {
            throw Objection(sentence: "items: each needs an id of its own")
        }
        return request
    }

    private static func fault(of item: RenderItem) -> String? {
        if !isName(item.id) { return "id: must be 1 to \(nameBytesMax) letters, digits, - or _" }
        if item.prompt.text.utf8.count > textBytesMax { return "prompt.text: has at most \(textBytesMax) bytes" }
        if item.prompt.text.allSatisfy(\.isWhitespace) { return "prompt.text: is empty" }
        if (item.prompt.name ?? "").utf8.count > 1024 { return "prompt.name: has at most 1024 bytes" }
        if !(0...1_000_000).contains(item.prompt.index ?? 0) { return "prompt.index: must be from 0 to 1000000" }
        if !secondsRange.contains(item.seconds) { return "seconds: must be from 1 to 3600; it is \(item.seconds)" }
        if UInt64(item.seed) == nil { return "seed: must be a whole number below 2^64, as a string" }
        if let turn = item.turn, !(1...256).contains(turn.utf8.count) { return "turn: has 1 to 256 bytes" }
        if !(0...1_000_000).contains(item.position ?? 0) { return "position: must be from 0 to 1000000" }
        let continues = item.continues ?? []
        if continues.count > continuesMax || !continues.allSatisfy({ (0...1_000_000).contains($0) }) {
            return "continues: has at most \(continuesMax) positions, each from 0 to 1000000"
        }
        return nil
    }

    private static func sentence(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(path(context.codingPath)) is of the wrong kind"
        default: "the body is no JSON"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the body" : keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}

extension RenderItem {
    /// As a backend takes it.
    /// - Parameter number: different for each item of a batch; it names files.
    func trackRequest(number: Int) -> TrackRequest {
        TrackRequest(
            prompt: Domain.Prompt(index: prompt.index ?? 0, name: prompt.name ?? "", text: prompt.text), number: number,
            positionInPrompt: position ?? 0, turn: Self.number(ofTurn: turn ?? "item \(id) \(seed)"),
            continues: continues ?? [], seconds: seconds, seed: UInt64(seed) ?? 0)
    }

    /// Clients name their turns as they like; backends know them by number, and by the same one after a restart.
    private static func number(ofTurn name: String) -> Int {
        // FNV-1a (Fowler, Noll, Vo).
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(hash >> 2)
    }

    /// Bytes that the track will take, as a backend that writes floats makes it.
    var bytesExpected: Int { Int(seconds * Double(StationAudio.framesPerSecond * StationAudio.channels * 4)) }
}
