public import Platform

/// What can go wrong with a plug-in, each in a sentence that goes after the backend's name.
public enum PluginFault: Error, Sendable, Equatable, CustomStringConvertible {
    case cannotStart(program: String, why: SystemError)
    /// It ended by itself; `during` is the method that was under way.
    case ended(ProcessExit, during: String, lastWords: String?)
    /// It closed the socket and lives on.
    case hungUp(during: String)
    case garbage(why: String, line: String)
    case lineTooLong(limitBytes: Int)
    case silent(method: String, seconds: Double)
    /// An answer or a notification that does not fit the protocol.
    case wrongAnswer(method: String, why: String)
    case otherProtocol(version: Int)
    case badFile(name: String, why: String)
    case notCancelled(method: String, seconds: Double)
    /// It answered with an error of the protocol's table, or of its own.
    case answered(code: Int, message: String, method: String)
    case tooLongForALine(method: String)
    case cancelled

    public var description: String {
        switch self {
        case .cannotStart(_, let why): "it could not be started: \(why)"
        case .ended(let exit, let method, let words):
            "it ended (\(exit)) during \(method)" + (words.map { "; its last words: \($0)" } ?? "")
        case .hungUp(let method): "it closed its socket during \(method)"
        case .garbage(let why, let line): "it sent a line that is no message (\(why)): \(line)"
        case .lineTooLong(let limit): "it sent a line of more than \(limit) bytes; sound goes into files"
        case .silent(let method, let seconds): "not a word about \(method) for \(Self.number(seconds)) s; it was ended"
        case .wrongAnswer(let method, let why): "its answer to \(method) breaks the protocol: \(why)"
        case .otherProtocol(let version): "it speaks version \(version) of the protocol, this station speaks 1"
        case .badFile(let name, let why): "the file it handed over, '\(name)', is none: \(why)"
        case .notCancelled(let method, let seconds):
            "it did not stop \(method) within \(Self.number(seconds)) s of being asked to; it was killed"
        case .answered(_, let message, _): message
        case .tooLongForALine(let method): "\(method) does not fit a line of the protocol; set batch_max lower"
        case .cancelled: "stopped on request"
        }
    }

    /// Codes of the protocol's table.
    enum Code {
        static let cancelled = -32800
        static let notInstalled = -32001
        static let outOfMemory = -32002
        static let requestAtFault = -32003
    }

    /// True where the plug-in said it itself and is in order; otherwise nothing more can be expected of this life of it.
    var leavesItUsable: Bool {
        switch self {
        case .answered, .tooLongForALine: true
        default: false
        }
    }

    private static func number(_ seconds: Double) -> String {
        Int(exactly: seconds).map { String($0) } ?? String(seconds)
    }
}
