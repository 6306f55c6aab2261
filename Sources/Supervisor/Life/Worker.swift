internal import Glibc
internal import IPC
internal import Platform

/// One life of a worker process, as the control loop holds it: the process, its line, its log.
final class Worker {
    let generation: Int
    let child: ChildProcess
    let link: LineChannel
    let log: LogReader
    /// Monotonic seconds.
    let bornAt: Double
    /// True for a process that an earlier life of the supervisor started.
    let isAdopted: Bool

    /// Starts the process. It finds its line on descriptor 3 and its log on 1 and 2.
    init(
        executable: String, arguments: [String], environment: [String: String], generation: Int, nice: Int32,
        now: Double
    ) throws(SystemError) {
        let (ours, theirs) = try FileDescriptor.socketPair()
        let output = try FileDescriptor.pipe()
        // The child's ends must be open until it has its own copies, and closed here right after: the end of its line
        // and of its log is the end of the child.
        child = try withExtendedLifetime((theirs, output.write)) { () throws(SystemError) in
            try ChildProcess(
                path: executable, arguments: arguments, environment: environment,
                descriptors: [nil, output.write.number, output.write.number, theirs.number], newSession: true,
                nice: nice)
        }
        link = try LineChannel(ours)
        log = try LogReader(output.read, now: now)
        self.generation = generation
        bornAt = now
        isAdopted = false
    }

    /// Takes over a process from an earlier life of the supervisor.
    init(
        adopting child: ChildProcess, link: FileDescriptor, log: FileDescriptor, generation: Int, bornAt: Double,
        now: Double
    ) throws(SystemError) {
        self.child = child
        // Where the earlier life stopped to read is not known: the first line may be the end of one.
        self.link = try LineChannel(link, startsInsideLine: true)
        self.log = try LogReader(log, now: now)
        self.generation = generation
        self.bornAt = bornAt
        isAdopted = true
    }
}
