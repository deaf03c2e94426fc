// Certificates for tests, made by the openssl program.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "support/temp_folder.h"

namespace tailwater::test {

/// A folder with ca.pem, server-cert.pem and server-key.pem (for `localhost` only, not for
/// 127.0.0.1), client-cert.pem and client-key.pem, and other-ca.pem, which signed none of them.
class TestCertificates {
 public:
  static Result<std::unique_ptr<TestCertificates>> make();
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  TempFolder folder_{"tailwater-certificates"};
};

}  // namespace tailwater::test
