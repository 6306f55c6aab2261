/// What reconciling the Buffer found and did.
public struct ReconcileReport: Sendable, Hashable {
    /// In the order they were made.
    public var repairs: [Repair]
    /// Names in the Buffer's directory that are not the Buffer's: left alone.
    public var foreign: [String]

    public init(repairs: [Repair] = [], foreign: [String] = []) {
        self.repairs = repairs
        self.foreign = foreign
    }

    /// True when nothing had to be repaired.
    public var isClean: Bool { repairs.isEmpty }

    /// All repairs in one line, or nil.
    public var words: String? {
        guard let first = repairs.first else { return nil }
        return repairs.count == 1 ? first.description : "\(repairs.count) repairs, the first: \(first)"
    }
}

/// One thing that was wrong on the Buffer, and what was done about it.
public enum Repair: Sendable, Hashable, CustomStringConvertible {
    /// A track without an entry was checked and given one.
    case adopted(file: String)
    /// An entry without its file was dropped.
    case entryDropped(file: String)
    /// A file that is no track was moved to `refused/`.
    case refused(file: String, reason: String)
    /// An entry's length was put right.
    case framesCorrected(file: String, was: Int, now: Int)
    /// A record could not be believed: set aside, and rebuilt from the files.
    case rebuilt(file: String, setAsideAs: String, reason: String)
    /// A record was missing, and was rebuilt from the files.
    case missing(file: String)
    /// A dead writer's temporary file was removed.
    case temporaryRemoved(file: String)
    /// What a dead generator had begun was removed.
    case stagedRemoved(file: String)
    /// The disk is full: nothing could be repaired now.
    case postponed(reason: String)

    public var description: String {
        switch self {
        case .adopted(let file): "\(file) had no entry: checked and taken in"
        case .entryDropped(let file): "\(file) is gone: its entry was dropped"
        case .refused(let file, let reason): "\(file) was moved to refused/: \(reason)"
        case .framesCorrected(let file, let was, let now): "\(file): its entry said \(was) frames, it holds \(now)"
        case .rebuilt(let file, let aside, let reason):
            "\(file) could not be used (\(reason)): kept as \(aside), rebuilt"
        case .missing(let file): "\(file) was missing: rebuilt from the files"
        case .temporaryRemoved(let file): "\(file), left by a writer that died, was removed"
        case .stagedRemoved(let file): "\(file), left by a generator that died, was removed"
        case .postponed(let reason): "repairs had to wait: \(reason)"
        }
    }
}
