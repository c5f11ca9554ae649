// Starts the comforts of every page. Each part looks for its own data attributes and does nothing when there are none.
import { setUpCascade } from "./cascade.js";
import { setUpConfirm } from "./confirm.js";
import { setUpDialogs } from "./dialog.js";
import { setUpDrafts } from "./drafts.js";
import { setUpEvidence } from "./evidence.js";
import { setUpFilters } from "./filters.js";
import { setUpFormGuard } from "./form-guard.js";
import { setUpKeyboard } from "./keyboard.js";
import { setUpMatrix } from "./matrix.js";
import { setUpLines } from "./lines.js";
import { setUpMenus } from "./menus.js";
import { setUpOpinions } from "./opinions.js";
import { setUpOptionFilter } from "./option-filter.js";
import { setUpRemoteMany } from "./remote-many.js";
import { setUpRemoteSelects } from "./remote-select.js";
import { setUpReveal } from "./reveal.js";
import { setUpRich } from "./rich.js";
import { setUpSelection } from "./selection.js";
import { setUpAutosave } from "./autosave.js";
import { setUpPhoto } from "./photo.js";
import { setUpPress } from "./press.js";
import { setUpQrSignIn } from "./qr-sign-in.js";
import { setUpRefresh } from "./refresh.js";
import { setUpUploads } from "./upload.js";
import { setUpViewer } from "./viewer.js";
import { setUpVerify } from "./verify.js";

document.documentElement.classList.add("js");
for (const part of [setUpMenus, setUpConfirm, setUpSelection, setUpFilters, setUpRemoteSelects, setUpRemoteMany, setUpOpinions, setUpPress, setUpOptionFilter, setUpLines, setUpCascade, setUpDialogs, setUpViewer, setUpDrafts,
  setUpAutosave, setUpPhoto, setUpReveal, setUpFormGuard, setUpUploads, setUpKeyboard, setUpVerify, setUpRefresh, setUpQrSignIn, setUpEvidence, setUpMatrix, setUpRich]) {
  try {
    part(document);
  } catch (problem) {
    console.error(problem); // one broken part must not take the others with it
  }
}
