import Config
import Glibc
import Platform
import TestSupport
import Testing

@testable import Encoder

struct DestinationKeyTests {
    @Test("the last key that could be read serves while none can be, and a new one wins")
    func memory() throws {
        let file = Monitor<Result<Secret?, ConfigError>>(.failure(.missingSecret(file: "key")))
        let key = DestinationKey(of: "far") { try file.read { $0 }.get() }
        #expect(throws: ConfigError.missingSecret(file: "key")) { try key.current() }
        for word in ["first", "second"] {
            file.withLock { $0 = .success(Secret(word)) }
            let read = try key.current()?.revealed
            file.withLock { $0 = .failure(.missingSecret(file: "key")) }
            let remembered = try key.current()?.revealed
            #expect(read == word)
            #expect(remembered == word)
        }
    }

    @Test("a destination without a key has none")
    func none() throws {
        let key = try DestinationKey(of: "far") { nil }.current()
        #expect(key == nil)
    }

    @Test("a destination is connected to again after its key file has gone out of sight")
    func connection() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/key"
            try FileDescriptor.open(file, O_WRONLY | O_CREAT, mode: 0o600).write(all: Array("hunter2".utf8))
            let target = RelayTarget(
                Destination(name: "far", url: "rtmp://127.0.0.1/live", keyFile: file), environment: [:],
                clock: ManualClock())
            let before = try target.connection()
            unlink(file)
            let after = try target.connection()
            #expect(before.preset == Array("rtmp_playpath=hunter2\n".utf8))
            #expect(after.preset == before.preset)
            #expect(after.secrets == before.secrets)
        }
    }
}
