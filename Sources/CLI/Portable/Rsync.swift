internal import Backends
internal import Domain
internal import Foundation
internal import Platform

/// Fetches files with rsync, over ssh where the source has a host.
struct Rsync {
    private let tool: Tool
    private let ssh: String
    private let source: ImportSource

    /// rsync's codes for files that could not be read or have gone meanwhile; the others came.
    private static let someMissing: Set<Int32> = [23, 24]
    private static let stallSeconds = 60
    private static let secondsMax = 30.0 * 86_400

    /// - Parameter ssh: the command, with its options; rsync splits it at spaces and no shell sees it.
    init(source: ImportSource, ssh: String, environment: [String: String]) throws(ToolError) {
        let names = ["SSH_AUTH_SOCK", "HOME"]
        let searchPath = environment["PATH"] ?? ""
        tool = try Tool("rsync", searchPath: searchPath, environment: environment.filter { names.contains($0.key) })
        if source.host != nil, ssh == Self.plainSSH {
            _ = try Tool("ssh", searchPath: searchPath, package: "openssh-client")
        }
        self.ssh = ssh
        self.source = source
    }

    /// It has no terminal to ask on.
    static let plainSSH = "ssh -o BatchMode=yes"

    /// Fetches `names` of directory `below` of the source into `directory`. Whole files alone have their names there;
    /// of a file that was cut off, the rest is fetched the next time.
    /// - Parameters:
    ///   - bytesMax: no larger file is fetched.
    ///   - progress: 0...1 of what was asked for.
    /// - Throws: `.interrupted`, `.unreachable`. Files that are not there are no error.
    func fetch(
        _ names: [String], of below: String, into directory: String, bytesMax: Int, cancellation: Cancellation,
        progress: (Double) -> Void = { _ in }
    ) throws(ImportError) {
        var arguments = [
            // The far end's shell is not to see the path.
            "--secluded-args", "--times", "--partial-dir=.rsync-partial", "--no-links", "--from0", "--files-from=-",
            "--max-size=\(bytesMax)", "--timeout=\(Self.stallSeconds)", "--info=progress2", "--outbuf=L",
        ]
        if source.host != nil { arguments.append("--rsh=\(ssh)") }
        arguments += ["--", source.argument(below), directory + "/"]
        let list = Array(names.joined(separator: "\0").utf8)
        do throws(ToolError) {
            _ = try tool.run(
                arguments, input: .bytes(list),
                limits: ToolLimits(seconds: Self.secondsMax, stdoutBytesMax: 1 << 30),
                heard: { bytes in Self.percent(bytes).map { progress($0 / 100) } },
                isCancelled: { cancellation.isCancelled })
        } catch {
            switch error {
            case .cancelled: throw .interrupted
            case .failed(_, _, .code(let code), _) where Self.someMissing.contains(code): return
            case .failed(_, _, let exit, let lines):
                let said = lines.filter { !$0.contains("%") }.suffix(2).joined(separator: "; ")
                throw .unreachable(source.description, why: said.isEmpty ? "rsync: \(exit)" : said)
            default: throw .unreachable(source.description, why: "\(error)")
            }
        }
    }

    /// The last percentage in a piece of rsync's progress.
    static func percent(_ bytes: [UInt8]) -> Double? {
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return words.last { $0.hasSuffix("%") }.flatMap { Double($0.dropLast()) }
    }
}
