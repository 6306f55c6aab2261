import Config
import Platform
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
}
