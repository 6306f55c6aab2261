internal import Glibc

/// Where a process stands, read from outside before it is killed for standing there.
public enum ProcessStack {
    public static let threadsMax = 32
    private static let framesMax = 24

    /// A line a thread, of at most 32: number, name, state, the kernel function it waits in, and the kernel's stack
    /// where we may read it (that takes root). Empty when there is no such process. Reads /proc alone, so it returns
    /// even where the process hangs in a system call that nothing interrupts.
    public static func evidence(of pid: Int32) -> [String] {
        let threads = ((try? Files.names(in: "/proc/\(pid)/task")) ?? []).compactMap { Int32($0) }.sorted()
        var lines = threads.prefix(threadsMax).compactMap { line(of: "/proc/\(pid)/task/\($0)", number: $0) }
        if threads.count > threadsMax { lines.append("\(threads.count - threadsMax) more threads") }
        return lines
    }

    private static func line(of directory: String, number: Int32) -> String? {
        guard let state = ProcessFigures.statFields(of: directory)?.first else { return nil }
        let name = text(directory + "/comm") ?? "?"
        var line = "thread \(number) \(name): state \(state)"
        if let place = text(directory + "/wchan"), !place.isEmpty, place != "0" { line += ", in \(place)" }
        let frames = (text(directory + "/stack") ?? "").split(separator: "\n").prefix(framesMax).map { frame in
            // "[<0>] do_wait+0x60/0x100"
            String(frame.split(separator: " ").last?.split(separator: "+").first ?? "?")
        }
        return frames.isEmpty ? line : line + ", stack " + frames.joined(separator: " < ")
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY), let bytes = try? file.read(upTo: 8192) else {
            return nil
        }
        return String(String(decoding: bytes, as: UTF8.self).drop(while: \.isNewline))
            .split(separator: "\n").joined(separator: "\n")
    }
}
