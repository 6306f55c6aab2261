public import Glibc

/// An operating-system call that failed: what was tried, on what, and the errno.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    public let operation: String
    public let code: Int32

    /// - Parameter operation: what was tried, with its object: `open /var/lib/lofisup`.
    public init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    public var description: String { "\(operation): \(String(cString: strerror(code)))" }

    /// True when the file system is full or over quota.
    public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
}

/// Runs a system call again for as long as a signal interrupts it; throws what else fails.
@discardableResult
public func retrying<Result: FixedWidthInteger & SignedInteger>(
    _ operation: @autoclosure () -> String, _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemError(operation(), code: code) }
    }
}
