import FoundationEssentials
import Glibc
import Platform

/// A real sshd on loopback, with keys and a port of its own. It lets in whoever runs the tests, by the key alone.
public struct SSHServer {
    /// How a client calls it: `ssh` with the port, the key and nothing from anybody's own configuration.
    public let command: String
    private let process: ChildProcess

    /// True when sshd and rsync are installed.
    public static var isInstalled: Bool {
        ["sshd", "ssh", "ssh-keygen", "rsync"].allSatisfy { TestTool.path(of: $0) != nil }
    }

    public static let isNeeded = "needs sshd and rsync (apt install openssh-server rsync)"

    /// Runs `body` beside a server that is ended with it.
    public static func run<Result>(in directory: String, _ body: (SSHServer) throws -> Result) throws -> Result {
        let server = try SSHServer(directory: directory)
        defer { server.end() }
        return try body(server)
    }

    private init(directory: String) throws {
        for key in ["host", "client"] {
            let made = try TestTool.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(directory)/\(key)"])
            guard made.exit == .code(0) else { throw TestToolFailure(tool: "ssh-keygen", trouble: made.errors) }
        }
        guard let sshd = TestTool.path(of: "sshd") else {
            throw TestToolFailure(tool: "sshd", trouble: "is not installed")
        }
        // Where it keeps what it gives up its rights for; the service would make it.
        if geteuid() == 0 { try Files.makeDirectory("/run/sshd") }
        var tries = 0
        while true {
            tries += 1
            let port = try Loopback.freePort()
            let process = try Self.start(sshd, directory: directory, port: port)
            do {
                try eventually(within: 10, "sshd accepts on \(port)") {
                    Loopback.accepts(port: port) || process.hasEnded
                }
            } catch {
                Self.end(process)
                throw error
            }
            if !process.hasEnded {
                self.process = process
                command = """
                    ssh -F /dev/null -p \(port) -i \(directory)/client -o BatchMode=yes -o IdentitiesOnly=yes \
                    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
                    """
                return
            }
            let log = try Files.read("\(directory)/log", bytesMax: 1 << 20) ?? []
            if tries == 3 { throw TestToolFailure(tool: "sshd", trouble: String(decoding: log, as: UTF8.self)) }
        }
    }

    private static func start(_ sshd: String, directory: String, port: Int) throws -> ChildProcess {
        let text = """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(directory)/host
            AuthorizedKeysFile \(directory)/client.pub
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password

            """
        try AtomicFile.write(Data(text.utf8), to: "\(directory)/sshd_config")
        let log = try FileDescriptor.open("\(directory)/log", O_WRONLY | O_CREAT | O_TRUNC)
        return try ChildProcess(
            path: sshd, arguments: ["-D", "-e", "-f", "\(directory)/sshd_config"],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [nil, log.number, log.number], newSession: true)
    }

    /// Cuts every connection; new ones are taken.
    public func cutConnections() {
        for pid in ProcessFigures.descendants(of: process.pid).reversed() { kill(pid, SIGKILL) }
    }

    private func end() {
        cutConnections()
        Self.end(process)
    }

    private static func end(_ process: ChildProcess) {
        process.signalGroup(SIGKILL)
        process.signal(SIGKILL)
        _ = process.wait(timeoutSeconds: 5)
    }
}
