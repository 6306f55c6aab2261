import FoundationEssentials

/// How many descriptors this process holds open: the same before and after, or something leaks.
/// Other tests of the process open and close their own at the same time, so compare inside an exit test.
public func descriptorCount() -> Int {
    // The listing itself holds one.
    max(0, ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).count - 1)
}
