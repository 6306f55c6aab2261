import FoundationEssentials
import Glibc
import Platform

/// What a supervisor with all its helpers has used of the machine by now.
struct SupervisionFigures {
    var processes = 0
    /// On a processor, of all threads that live.
    var cpuSeconds = 0.0
    /// How often a thread of it gave a processor away: once for each time that it woke up, at least.
    var switches = 0
    var residentBytes = 0
    /// Of that its own: heaps and stacks.
    var anonymousBytes = 0
    /// Resident, with its share of what it shares with others.
    var proportionalBytes = 0
    var openFiles = 0
    /// Children that have ended and were not reaped.
    var zombies = 0

    init(of pids: [Int32]) {
        for pid in pids {
            processes += 1
            for thread in (try? Files.names(in: "/proc/\(pid)/task")) ?? [] {
                let directory = "/proc/\(pid)/task/\(thread)"
                let counted = (ProcText.read(directory + "/schedstat") ?? "").split(separator: " ").first
                cpuSeconds += (counted.flatMap { Double($0) } ?? 0) / 1e9
                let status = ProcText.read(directory + "/status") ?? ""
                switches += Self.number("voluntary_ctxt_switches", in: status)
                switches += Self.number("nonvoluntary_ctxt_switches", in: status)
            }
            let memory = ProcText.read("/proc/\(pid)/smaps_rollup") ?? ""
            residentBytes += Self.number("Rss", in: memory) * 1024
            anonymousBytes += Self.number("Anonymous", in: memory) * 1024
            proportionalBytes += Self.number("Pss", in: memory) * 1024
            openFiles += ((try? Files.names(in: "/proc/\(pid)/fd")) ?? []).count
        }
        zombies = Self.zombies(under: Set(pids))
    }

    private static func zombies(under parents: Set<Int32>) -> Int {
        ((try? Files.names(in: "/proc")) ?? []).count { name in
            guard let pid = Int32(name), let facts = ProcessFacts(pid: pid), parents.contains(facts.parent),
                let figures = ProcessFigures(pid: pid)
            else { return false }
            return figures.state == "Z"
        }
    }

    private static func number(_ key: String, in text: String) -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(key + ":") {
            return Int(line.filter(\.isNumber)) ?? 0
        }
        return 0
    }
}
