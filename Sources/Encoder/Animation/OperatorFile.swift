internal import Glibc
internal import Platform

/// The film or picture the operator named, open. The tools read it through the descriptor, so they see what was
/// hashed, and a name that looks like an option, a pattern or a URL is only a name.
struct OperatorFile {
    /// As the operator named it: for the errors.
    let name: String
    private let descriptor: FileDescriptor

    static let bytesMax = 4 << 30

    /// What comes before the file among a tool's arguments, and the containers that are opened: none of them names
    /// other files or addresses.
    static let inputArguments = [
        "-protocol_whitelist", "file",
        "-format_whitelist",
        "mov,mp4,matroska,webm,gif,apng,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,avi,mpegts,flv,mp3,wav,flac,ogg,aac",
    ]
    static let inputURL = "file:/proc/self/fd/0"

    /// What `inputURL` is to a tool that is run with it.
    var input: ToolInput { .descriptor(descriptor) }

    /// - Throws: `.missing`, `.unreadable`, `.notAFile`, `.empty`, `.tooLarge`.
    init(opening name: String) throws(AnimationError) {
        do throws(SystemError) {
            // Without waiting: opening a pipe would last until somebody writes to it.
            descriptor = try FileDescriptor.open(name, O_RDONLY | O_NONBLOCK)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR: throw .missing(file: name)
            default: throw .unreadable(file: name, reason: String(cString: strerror(error.code)))
            }
        }
        self.name = name
        var about = stat()
        guard fstat(descriptor.number, &about) == 0, about.st_mode & S_IFMT == S_IFREG else {
            throw .notAFile(file: name)
        }
        if about.st_size == 0 { throw .empty(file: name) }
        if about.st_size > Self.bytesMax {
            throw .tooLarge(file: name, reason: "more than \(Self.bytesMax >> 30) GiB")
        }
    }

    /// - Throws: `.unreadable`; `ToolError`.
    func sha256(_ checksum: Checksum, isCancelled: () -> Bool) throws -> String {
        do throws(ToolError) {
            return try checksum.sha256(of: input, secondsMax: 1800, isCancelled: isCancelled)
        } catch {
            guard case .failed(_, _, _, let lines) = error else { throw error }
            throw AnimationError.unreadable(file: name, reason: lines.joined(separator: ", "))
        }
    }

    /// What a tool's complaints tell of damage, if they do. Decoders also complain of harmless oddities.
    func damage(in complaints: [String]) -> AnimationError? {
        let signs = [
            "error while decoding", "invalid data", "corrupt", "concealing", "partial file", "truncated",
            "crc mismatch", "overread", "error splitting", "decode_slice", "missing picture", "invalid nal",
            "inflate returned error", "moov atom not found", "no start code", "ended prematurely",
        ]
        let told = complaints.first { line in
            let lower = line.lowercased()
            return signs.contains { lower.contains($0) }
        }
        return told.map { .corrupt(file: name, reason: cleaned($0)) }
    }

    /// A tool's line as an operator can read it: without addresses, and with the file's own name.
    func cleaned(_ line: String) -> String {
        var text = line.trimmingPrefix { $0 == " " }
        while text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = text[text.index(after: end)...].trimmingPrefix { $0 == " " }
        }
        return String(text).replacing(Self.inputURL, with: name)
    }
}
