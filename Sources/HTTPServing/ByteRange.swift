/// The part of a file that a `Range` header asks for (RFC 9110, 14), as far as one part goes.
public enum ByteRange: Sendable, Equatable {
    case whole
    case part(Range<Int>)
    /// Nothing of the file lies in it.
    case unsatisfiable

    /// - Parameters:
    ///   - header: nil where there is none. What is not understood means the whole, as the standard wants it.
    ///   - bytes: of the file.
    public init(header: String?, bytes: Int) {
        guard let header, header.hasPrefix("bytes="), !header.contains(",") else {
            self = .whole
            return
        }
        let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            self = .whole
            return
        }
        // A number that is too large for any file is as good as the largest.
        let numbers = ends.map { $0.isEmpty ? nil : Int($0) ?? Int.max }
        switch (numbers[0], numbers[1]) {
        case (let first?, let last?) where first <= last && first < bytes:
            self = .part(first..<min(last, bytes - 1) + 1)
        case (let first?, nil) where ends[1].isEmpty && first < bytes: self = .part(first..<bytes)
        case (nil, let count?) where ends[0].isEmpty && count > 0 && bytes > 0:
            self = .part(max(0, bytes - count)..<bytes)
        case (let first?, let last?) where first > last: self = .whole
        case (nil, nil): self = .whole
        default: self = .unsatisfiable
        }
    }
}
