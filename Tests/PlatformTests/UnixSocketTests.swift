import Glibc
import Platform
import TestSupport
import Testing

struct UnixSocketTests {
    @Test("a socket has the mode that was asked for, whatever the umask", arguments: [0o600, 0o660, 0o666] as [UInt32])
    func mode(wanted: UInt32) throws {
        try withTemporaryDirectory { directory in
            let listener = try UnixSocket.listen(at: directory + "/s", mode: wanted)
            var facts = stat()
            #expect(lstat(directory + "/s", &facts) == 0)
            #expect(facts.st_mode & 0o7777 == wanted)
            withExtendedLifetime(listener) {}
        }
    }

    @Test("a socket that answers is left alone, one that nobody answers on is replaced")
    func claim() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/s"
            var first: FileDescriptor? = try UnixSocket.listen(at: path, mode: 0o600)
            #expect(throws: SystemError("listen on \(path)", code: EADDRINUSE)) {
                try UnixSocket.listen(at: path, mode: 0o600)
            }
            withExtendedLifetime(first) {}
            first = nil
            let second = try UnixSocket.listen(at: path, mode: 0o600)
            let near = try UnixSocket.connect(to: path)
            #expect(try UnixSocket.peer(of: near).pid == getpid())
            withExtendedLifetime(second) {}
        }
    }
}
