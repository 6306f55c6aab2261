internal import Domain
internal import Glibc
internal import Platform

/// Writes stereo floats as they were rendered: 32-bit IEEE float WAV, so that nothing is lost before Admission.
enum FloatWav {
    /// Writes a new file; an incomplete one is removed.
    /// - Parameter samples: interleaved stereo at the station's rate.
    /// - Throws: `BackendError.file`.
    static func write(_ samples: [Float], to path: String) throws(BackendError) {
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
            do throws(SystemError) {
                try file.write(all: header(sampleCount: samples.count))
                try write(samples, to: file)
            } catch {
                unlink(path)
                throw error
            }
        } catch { throw .file(path: path, why: error) }
    }

    private static func write(_ samples: [Float], to file: FileDescriptor) throws(SystemError) {
        // withUnsafeBytes rethrows untyped, so the error travels beside it. Every machine this runs on is little-endian.
        let failure: SystemError? = samples.withUnsafeBytes { raw in
            do throws(SystemError) { try file.write(all: raw) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    private static func header(sampleCount: Int) -> [UInt8] {
        let frameBytes = StationAudio.channels * 4
        let dataBytes = sampleCount * 4
        var bytes: [UInt8] = []
        func add(_ text: String) { bytes += Array(text.utf8) }
        func add32(_ value: Int) { withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian) { bytes += $0 } }
        func add16(_ value: Int) { withUnsafeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian) { bytes += $0 } }
        add("RIFF")
        add32(4 + 24 + 12 + 8 + dataBytes)
        add("WAVEfmt ")
        add32(16)
        add16(3)  // IEEE float
        add16(StationAudio.channels)
        add32(StationAudio.framesPerSecond)
        add32(StationAudio.framesPerSecond * frameBytes)
        add16(frameBytes)
        add16(32)
        add("fact")
        add32(4)
        add32(sampleCount / StationAudio.channels)
        add("data")
        add32(dataBytes)
        return bytes
    }
}
