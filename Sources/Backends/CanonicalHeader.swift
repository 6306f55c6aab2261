internal import Domain
internal import Glibc
internal import Platform

/// The 44 bytes before the samples of a canonical WAV, and the length of the file they stand in.
struct CanonicalHeader {
    private let bytes: [UInt8]
    private let fileBytes: Int

    init(of path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDONLY)
        bytes = try file.read(upTo: 44)
        fileBytes = Int(try retrying("seek \(path)") { lseek(file.number, 0, SEEK_END) })
    }

    /// What is wrong with a file that should hold exactly `frames` of the station's sound; nil when nothing is.
    func complaint(frames: Int) -> String? {
        guard bytes.count == 44, text(0) == "RIFF", text(8) == "WAVE", text(12) == "fmt ", text(36) == "data" else {
            return "not a plain WAV file"
        }
        let bytesPerFrame = StationAudio.bytesPerFrame
        guard number(20, 2) == 1, number(22, 2) == StationAudio.channels, number(24, 4) == StationAudio.framesPerSecond,
            number(32, 2) == bytesPerFrame
        else { return "not the station's format" }
        let told = number(40, 4)
        guard told == frames * bytesPerFrame, fileBytes == 44 + told else {
            return "\(told) bytes of sound in \(fileBytes) bytes of file, \(frames * bytesPerFrame) wanted"
        }
        return nil
    }

    private func text(_ at: Int) -> String { String(decoding: bytes[at..<(at + 4)], as: UTF8.self) }

    private func number(_ at: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
}
