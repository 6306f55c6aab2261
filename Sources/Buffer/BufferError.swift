internal import Glibc
public import Platform

/// What can go wrong on the Buffer, in the operator's terms.
public enum BufferError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A rule from the configuration makes no sense.
    case rules(String)
    /// Composing one more track would break the disk reserve: wait, and say so.
    case waitingForDiskSpace(freeBytes: Int, neededBytes: Int)
    /// The file system filled up while `file` was written. The Buffer is as it was before.
    case diskFull(file: String, missingBytes: Int)
    /// `file` grew over the size a process may write (RLIMIT_FSIZE) or the file system can hold.
    case fileTooLarge(file: String)
    /// The process may not write there.
    case notWritable(path: String, reason: String)
    /// Another process held the Buffer's lock for too long.
    case busy(lock: String, waitedSeconds: Double)
    /// A file that is no track.
    case unplayable(WAVError)
    /// The WAV holds another number of frames than its generator says.
    case framesDiffer(file: String, said: Int, found: Int)
    /// The reservation was committed or abandoned before.
    case reservationSpent(number: Int)
    /// A track was to be consumed whose number was never given out.
    case unknownNumber(number: Int, highest: Int)
    /// A file with the highest number there can be lies on the Buffer; surely not by our doing.
    case numbersExhausted(highest: Int)
    case system(SystemError)

    public var description: String {
        switch self {
        case .rules(let words): "buffer rules: \(words)"
        case .waitingForDiskSpace(let free, let needed):
            "waiting for disk space: \(Self.mebibytes(free)) free, \(Self.mebibytes(needed)) needed with the reserve"
        case .diskFull(let file, let missing):
            "disk full: \(file) lacks \(missing) bytes; free some space, the Buffer is as it was before"
        case .fileTooLarge(let file): "\(file): over the file size this process may write (RLIMIT_FSIZE)"
        case .notWritable(let path, let reason): "\(path): cannot be written: \(reason)"
        case .busy(let lock, let seconds):
            "\(lock): held by another process for over \(seconds) s; is one stopped (SIGSTOP)?"
        case .unplayable(let error): error.description
        case .framesDiffer(let file, let said, let found): "\(file): \(said) frames announced, \(found) found"
        case .reservationSpent(let number): "slot \(number) was committed or abandoned before"
        case .unknownNumber(let number, let highest):
            "track \(number) cannot be consumed: the highest number given out is \(highest)"
        case .numbersExhausted(let highest):
            "no track can be numbered above \(highest): remove the file that bears it and buffer_marks.json"
        case .system(let error): error.description
        }
    }

    private static func mebibytes(_ bytes: Int) -> String { "\(bytes / (1 << 20)) MiB" }
}

extension BufferError {
    /// Sorts a failed call on `file` into the cases above.
    /// - Parameter neededBytes: what was to be written, to tell how much room is missing.
    init(_ error: SystemError, file: String, neededBytes: Int = 0) {
        if error.isDiskFull {
            let free = (try? DiskSpace.freeBytes(at: Files.parent(of: file))) ?? 0
            self = .diskFull(file: file, missingBytes: max(neededBytes - free, 1))
        } else if error.code == EFBIG {
            self = .fileTooLarge(file: file)
        } else if error.code == EACCES || error.code == EROFS || error.code == EPERM {
            self = .notWritable(path: file, reason: String(cString: strerror(error.code)))
        } else {
            self = .system(error)
        }
    }
}

/// Runs platform calls that concern `file`.
func onDisk<Result>(
    _ file: String, neededBytes: Int = 0, _ call: () throws(SystemError) -> Result
) throws(BufferError) -> Result {
    do throws(SystemError) {
        return try call()
    } catch {
        throw BufferError(error, file: file, neededBytes: neededBytes)
    }
}
