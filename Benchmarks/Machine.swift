import FoundationEssentials
import Glibc
import Platform

/// The machine in words: enough to compare figures, nothing that says whose it is.
enum Machine {
    static func table(searchPath: String, loadAtStart: String) -> Table {
        var table = Table(
            "The machine", "What the figures below were measured on.", columns: ["what", "which"])
        table.add("processor", processor)
        table.add("cores", String(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        table.add("memory", memory)
        table.add("kernel", "Linux " + kernel)
        table.add("ffmpeg", version(of: "ffmpeg", ["-version"], after: "ffmpeg version ", searchPath))
        table.add("Swift", version(of: "swift", ["--version"], after: "Swift version ", searchPath))
        table.add("load before the start (1, 5, 15 min)", loadAtStart)
        table.add("load at the end (1, 5, 15 min)", load)
        if isBusy(loadAtStart) { table.add("other work", "was running on this machine") }
        return table
    }

    /// Load averages over 1, 5 and 15 minutes.
    static var load: String {
        (ProcText.read("/proc/loadavg") ?? "").split(separator: " ").prefix(3).joined(separator: ", ")
    }

    /// An idle machine has hardly any load in its last minute.
    private static func isBusy(_ load: String) -> Bool {
        (load.split(separator: ",").first.flatMap { Double($0) } ?? 0) > 0.3
    }

    private static var processor: String { field("model name", of: "/proc/cpuinfo") ?? "unknown" }

    private static var memory: String {
        let words = field("MemTotal", of: "/proc/meminfo")?.split(separator: " ") ?? []
        guard let kibibytes = words.first.flatMap({ Double($0) }) else { return "unknown" }
        return "\((kibibytes / 1_048_576).text(1)) GiB"
    }

    private static var kernel: String {
        (ProcText.read("/proc/sys/kernel/osrelease") ?? "").filter { !$0.isNewline }
    }

    private static func field(_ name: String, of path: String) -> String? {
        for line in (ProcText.read(path) ?? "").split(separator: "\n") where line.hasPrefix(name) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }.description
        }
        return nil
    }

    /// The word that follows `mark` in what the tool says of itself.
    private static func version(
        of tool: String, _ arguments: [String], after mark: String, _ searchPath: String
    ) -> String {
        guard let tool = try? Tool(tool, searchPath: searchPath), let said = try? tool.run(arguments).stdoutText,
            let place = said.firstRange(of: mark)
        else { return "unknown" }
        return String(said[place.upperBound...].prefix { !$0.isWhitespace })
    }
}
