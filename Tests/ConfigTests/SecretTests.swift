import Config
import Testing

struct SecretTests {
    @Test func `a secret never prints itself`() {
        struct Holder { var key = Secret("abcd-1234") }
        var dumped = ""
        dump(Holder(), to: &dumped)
        let spellings = [
            "\(Secret("abcd-1234"))", String(reflecting: Secret("abcd-1234")), "\(Holder())", dumped,
            String(describing: Optional(Secret("abcd-1234"))), "\([Secret("abcd-1234")])",
            "\(Array(Mirror(reflecting: Secret("abcd-1234")).children))",
        ]
        #expect(spellings.allSatisfy { !$0.contains("abcd") && !$0.contains("1234") })
        #expect(spellings[0] == "<secret>" && spellings[1] == "<secret>")
        #expect(Secret("abcd-1234").revealed == "abcd-1234")
    }

    @Test func `a file of mode 0600 gives the one word in it`() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/key"
            try write("  abcd-1234\r\n\n", to: file)
            #expect(try Secret.read(file: file).revealed == "abcd-1234")
            try write("abcd-1234", to: file, mode: 0o400)
            #expect(try Secret.read(file: file).revealed == "abcd-1234")
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644, 0o620])
    func `a file that others may use is refused with the command to run`(mode: Int) throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/key"
            try write("abcd-1234\n", to: file, mode: mode)
            let error = #expect(throws: ConfigError.self) { try Secret.read(file: file) }
            #expect(error == .exposedSecret(file: file, mode: UInt32(mode)))
            #expect(error?.description.contains("mode 0\(String(mode, radix: 8))") == true)
            #expect(error?.description.hasSuffix("run: chmod 600 '\(file)'") == true)
        }
    }

    @Test(arguments: ["", " \n", "two words", "two\nlines\n", "schlüssel", "bell\u{7}"])
    func `a file without one usable word is refused and not quoted`(text: String) throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/key"
            try write(text, to: file)
            let error = #expect(throws: ConfigError.self) { try Secret.read(file: file) }
            guard case .unusableSecret(file, _) = error else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
            #expect(error?.description.contains("schl") == false && error?.description.contains("two words") == false)
        }
    }

    @Test func `a missing key file says how to make one`() {
        let error = #expect(throws: ConfigError.self) { try Secret.read(file: "/nowhere/key") }
        #expect(error == .missingSecret(file: "/nowhere/key"))
    }

    @Test func `a credential comes from the directory systemd names`() throws {
        try withTemporaryDirectory { directory in
            // The group bits are an ACL's mask there.
            try write("abcd-1234", to: directory + "/youtube", mode: 0o440)
            let environment = ["CREDENTIALS_DIRECTORY": directory]
            #expect(try Secret.read(credential: "youtube", environment: environment).revealed == "abcd-1234")
            #expect(throws: ConfigError.missingSecret(file: directory + "/other")) {
                try Secret.read(credential: "other", environment: environment)
            }
            #expect(throws: ConfigError.noCredentialsDirectory(credential: "youtube")) {
                try Secret.read(credential: "youtube", environment: [:])
            }
        }
    }
}
